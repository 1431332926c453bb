import { bucketBoundsMs } from "./metrics.ts";
import type { CallCounter, Metrics } from "./metrics.ts";

/** What the text exposition is sent as. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;

type Sample = { readonly suffix?: string; readonly labels: Labels; readonly value: number };

type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
};

/**
 * The counters in the text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/): a family at a time, each with HELP and TYPE.
 */
export function metricsText(metrics: Metrics, openLongpolls: number): string {
  const families = [...callFamilies(metrics), ...otherFamilies(metrics, openLongpolls)];
  return families.map(familyText).join("");
}

function callFamilies(metrics: Metrics): readonly Family[] {
  const calls = [...metrics.allCalls()].map(([route, outcome, counter]) => ({
    labels: { route, status: String(outcome) },
    counter,
  }));
  const counted = (value: (counter: CallCounter) => number): readonly Sample[] =>
    calls.map(({ labels, counter }) => ({ labels, value: value(counter) }));
  return [
    {
      name: "snap_server_calls_total",
      help: 'Calls by route and status; "cut" and "gone" had no answer.',
      type: "counter",
      samples: counted(({ count }) => count),
    },
    {
      name: "snap_server_received_bytes_total",
      help: "Bytes of request bodies that were read.",
      type: "counter",
      samples: counted(({ bytesIn }) => bytesIn),
    },
    {
      name: "snap_server_sent_bytes_total",
      help: "Bytes of answer bodies that were taken.",
      type: "counter",
      samples: counted(({ bytesOut }) => bytesOut),
    },
    {
      name: "snap_server_call_duration_seconds",
      help: "Time from a request to the beginning of its answer.",
      type: "histogram",
      samples: calls.flatMap(({ labels, counter }) => histogram(labels, counter)),
    },
  ];
}

/** Buckets are cumulative; the last one holds everything. */
function histogram(labels: Labels, { buckets, count, sumMs }: CallCounter): readonly Sample[] {
  let below = 0;
  const bounds = [...bucketBoundsMs.map((bound) => String(bound / 1000)), "+Inf"];
  const samples = bounds.map((le, index) => {
    below += buckets[index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le }, value: below };
  });
  return [
    ...samples,
    { suffix: "_sum", labels, value: sumMs / 1000 },
    { suffix: "_count", labels, value: count },
  ];
}

function otherFamilies(metrics: Metrics, openLongpolls: number): readonly Family[] {
  return [
    {
      name: "snap_server_commits_total",
      help: "Writes to a namespace that were committed; several may share one transaction.",
      type: "counter",
      samples: [{ labels: {}, value: metrics.commits }],
    },
    {
      name: "snap_server_lock_collisions_total",
      help: "Commits that began while another one of their namespace was under way.",
      type: "counter",
      samples: [{ labels: {}, value: metrics.lockCollisions }],
    },
    {
      name: "snap_server_open_longpolls",
      help: "Longpolls that wait for a change.",
      type: "gauge",
      samples: [{ labels: {}, value: openLongpolls }],
    },
    {
      name: "snap_server_faults_fired_total",
      help: "Scripted faults that fired.",
      type: "counter",
      samples: samplesBy("fault", metrics.faults),
    },
    {
      name: "snap_server_wrong_host_calls_total",
      help: "Calls of a route on a host that does not have it.",
      type: "counter",
      samples: samplesBy("route", metrics.wrongHosts),
    },
  ];
}

function samplesBy(label: string, values: ReadonlyMap<string, number>): readonly Sample[] {
  return [...values].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples.map(
    ({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`,
  );
  const helpText = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${helpText}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
