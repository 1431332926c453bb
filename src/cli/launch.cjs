#!/usr/bin/env node
/*
 * The launcher: JavaScript of 2009 (ES5), that every Node can read, with modules by the names that every Node knows. It starts the
 * program on Node 24 or newer; on an older one it looks for a newer one beside the package, and otherwise says in one sentence what is
 * needed. A comma behind the last argument, as the formatter sets it where a call takes several lines, is of 2017.
 */
"use strict";

var path = require("path");
var fs = require("fs");

var needed = 24;
var guard = "SNAP_RELAUNCHED";

function majorOf(version) {
  return Number(String(version).replace(/^v/, "").split(".")[0]);
}

/* Whether it is new enough, as it says itself: what is older would only say what is needed, and another may be new enough. */
function isNewer(file) {
  var asked = require("child_process").spawnSync(file, ["--version"], { encoding: "utf8" });
  return asked.status === 0 && majorOf(asked.stdout) >= needed;
}

/* Node binaries of npm's `node` package: in the package's own node_modules and in those around it. */
function candidates() {
  var found = [];
  if (process.env.SNAP_NODE) found.push(process.env.SNAP_NODE);
  var folder = fs.realpathSync(__dirname);
  for (var parent = path.dirname(folder); parent !== folder; parent = path.dirname(folder)) {
    folder = parent;
    found.push(path.join(folder, "node_modules", ".bin", "node"));
  }
  return found.filter(function (file) {
    return fs.existsSync(file);
  });
}

function newerNode() {
  var files = candidates();
  for (var at = 0; at < files.length; at += 1) {
    if (isNewer(files[at])) return files[at];
  }
  return undefined;
}

function relaunch(binary) {
  /* The process that is begun takes over all there is. */
  process.env[guard] = "1";
  var words = [__filename].concat(process.argv.slice(2));
  var child = require("child_process").spawn(binary, words, { stdio: "inherit" });
  ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].forEach(function (signal) {
    process.on(signal, function () {
      /* The terminal sends Ctrl-C to the whole group itself; what comes to this process alone is passed on. */
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  });
  child.on("error", refuse);
  child.on("exit", function (code, signal) {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else {
      process.exit(code === null ? 1 : code);
    }
  });
}

function refuse() {
  var what = "snap needs Node.js " + needed + " or newer; this is " + process.version + ".";
  process.stderr.write(what + " Install it, or set SNAP_NODE to the path of one.\n");
  process.exit(2);
}

/* `snap status` beside a daemon is asked all the time, by prompts and status lines: it loads next to nothing. */
function runFast() {
  if (process.argv[2] !== "status") return undefined;
  var fast = require("./fast-status.js");
  return fast.runFast(process.argv.slice(3));
}

/*
 * The runtime takes every buffer that came from the line or the disk for a reason to go over all that lives, in steps, whatever the
 * limits: once for each 10 MiB of a download, which was half of its processor. Without steps it goes over all when there is no room
 * any more, and what died young, as buffers do, is tidied away by itself. Set before anything is loaded, so that no step is under way.
 */
function tidyInOneGo() {
  require("v8").setFlagsFromString("--no-incremental-marking");
}

/*
 * Without this the runtime lets dead objects pile up to ten times of what lives, as long as the machine has memory: a million
 * tracked files would take twice as much as they may (S106). The young ones keep the room that it took to load the program, 4 MiB
 * (with the 1 MiB that a process begins with, a restore of 20,000 files would take a quarter more of the processor); the old ones
 * get half as much again as lives of them. The runtime looks at both each time it tidies up, so they can be set while it runs, unlike
 * the limits of its command line; a runtime that does not know them leaves them out.
 */
function tidyOften() {
  var v8 = require("v8");
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  if (!copiesOut()) v8.setFlagsFromString("--heap-growing-percent=50");
}

/* `snap restore S --to DIR` streams: so little lives that the dead may be a multiple of it, and tidying up costs a fifth less. */
function copiesOut() {
  var words = process.argv.slice(2);
  var isTo = function (word) {
    return word === "--to" || word.indexOf("--to=") === 0;
  };
  return words[0] === "restore" && words.some(isTo);
}

/* What streams holds little, but a million files leave many dead behind: from then on they are tidied away as in the other commands. */
function tidyOftenWhenLarge() {
  var timer = setInterval(function () {
    if (process.memoryUsage.rss() < largeBytes) return;
    clearInterval(timer);
    tidyOften();
  }, 200);
  timer.unref();
}

var largeBytes = 300 * 1024 * 1024;

/*
 * Commands that only look into snapshots, and the one that takes them, stream and hold little: for them it would only mean tidying up
 * four times as often, which is a tenth of a first capture. A comparison with the present reads a whole tree.
 */
function onlyStreams() {
  var words = process.argv.slice(2).filter(function (word) {
    return word[0] !== "-";
  });
  if (words[0] === "diff")
    return words.indexOf("local") < 0 && words.indexOf("remote") < 0 && words.length > 2;
  return ["capture", "list", "show", "ls", "cat", "find"].indexOf(words[0]) >= 0;
}

function start() {
  /* Should the program end before its work has, as at the end of the input under a question, that is an interruption. */
  process.exitCode = 130;
  Promise.resolve()
    .then(runFast)
    .then(function (code) {
      if (code !== undefined) return code;
      var compiled = require("./compiled-code.js");
      compiled.keepCompiledCode(process.env);
      var main = require("./main.js");
      if (onlyStreams()) tidyOftenWhenLarge();
      else tidyOften();
      return main.run(process.argv.slice(2));
    })
    .then(function (code) {
      process.exitCode = code;
    })
    .catch(function (error) {
      var reason = error && error.stack ? error.stack : error;
      process.stderr.write("snap could not start: " + reason + "\n");
      process.exitCode = 1;
    });
}

/* Nothing can be done from a folder that was removed; the libraries would say so with a stack trace. */
function isSomewhere() {
  try {
    process.cwd();
    return true;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    process.stderr.write("The current folder was removed. Go to another one, then try again.\n");
    process.exit(7);
  }
}

if (majorOf(process.version) >= needed) {
  tidyInOneGo();
  if (isSomewhere()) start();
} else {
  var binary = process.env[guard] ? undefined : newerNode();
  if (binary) relaunch(binary);
  else refuse();
}
