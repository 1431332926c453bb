"""Runs one group of checks with the official Python SDK; each prints a line, and the first that fails ends it."""
import datetime
import hashlib
import html
import io
import json
import os
import re
import sys
import zipfile

import dropbox
import requests
from dropbox import common, exceptions, files, sharing, users

SETUP = json.loads(os.environ["SNAP_SETUP"])
BLOCK = 4 * 1024 * 1024


def client(**options):
    """The SDK on the server; retries that sleep are off."""
    return dropbox.Dropbox(SETUP["access_token"], max_retries_on_error=0, max_retries_on_rate_limit=0, **options)


def equal(what, actual, expected):
    """Print that it holds, or end the program."""
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} is not {expected!r}")
    print(f"ok {what}")


def fails(what, kind, call):
    """The typed exception that a call raises."""
    try:
        result = call()
    except kind as error:
        print(f"ok {what}")
        return error
    raise AssertionError(f"{what}: no {kind.__name__} but {result!r}")


def admin(method, path, body=None):
    """Call the admin interface."""
    headers = {"Authorization": "Bearer " + SETUP["admin_token"]}
    answer = requests.request(method, SETUP["admin_url"] + path, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def content_hash(data):
    digests = [hashlib.sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK)]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def poll(check, launch):
    """What a job came to."""
    if launch.is_complete():
        return launch.get_complete()
    for _ in range(100):
        state = check(launch.get_async_job_id())
        if not state.is_in_progress():
            return state.get_complete()
    raise AssertionError("the job goes on and on")


def check_users():
    dbx = client()
    account = dbx.users_get_current_account()
    equal("display name", account.name.display_name, "Anna Berg")
    equal("email", account.email, "anna@example.com")
    equal("account type", account.account_type.is_basic() or account.account_type.is_pro(), True)
    equal("root", isinstance(account.root_info, common.UserRootInfo), True)
    equal("home is root", account.root_info.home_namespace_id, account.root_info.root_namespace_id)
    equal("get_account", dbx.users_get_account(account.account_id).name.display_name, "Anna Berg")
    equal("batch", [one.account_id for one in dbx.users_get_account_batch([account.account_id])], [account.account_id])
    dbx.files_upload(b"12345", "/five")
    space = dbx.users_get_space_usage()
    equal("used", space.used, 5)
    equal("allocated", space.allocation.get_individual().allocated, 2 * 1024**4)
    values = dbx.users_features_get_values([users.UserFeature.paper_as_files]).values
    equal("features", values[0].is_paper_as_files(), True)
    equal("check_user", dbx.check_user("hello").result, "hello")
    app = dropbox.Dropbox(app_key="key", app_secret="secret", oauth2_access_token="unused")
    equal("check_app", app.check_app("hello").result, "hello")


def check_upload():
    dbx = client()
    when = datetime.datetime(2026, 3, 4, 5, 6, 7)
    made = dbx.files_upload("Grüße".encode(), "/Ordner/Größe 你好.txt", client_modified=when)
    equal("name", made.name, "Größe 你好.txt")
    equal("client_modified", made.client_modified, when)
    equal("hash", made.content_hash, content_hash("Grüße".encode()))
    metadata, answer = dbx.files_download("/ordner/größe 你好.TXT")
    equal("content", answer.content.decode(), "Grüße")
    equal("metadata of the download", metadata, made)
    equal("by id", dbx.files_download(made.id)[1].content, "Grüße".encode())
    equal("by rev", dbx.files_download("rev:" + made.rev)[1].content, "Grüße".encode())
    target = os.path.join(os.environ["HOME"], "downloaded")
    dbx.files_download_to_file(target, made.id)
    with open(target, "rb") as file:
        equal("download_to_file", file.read(), "Grüße".encode())
    again = dbx.files_upload(b"new", made.path_lower, mode=files.WriteMode.update(made.rev))
    equal("same id", again.id, made.id)
    conflict = fails(
        "conflict",
        exceptions.ApiError,
        lambda: dbx.files_upload(b"other", made.path_lower, mode=files.WriteMode.update(made.rev)),
    ).error
    equal("reason", conflict.get_path().reason.is_conflict(), True)
    equal("conflict", conflict.get_path().reason.get_conflict().is_file(), True)
    renamed = dbx.files_upload(b"other", made.path_display, mode=files.WriteMode.update(made.rev), autorename=True)
    equal("conflicted copy", renamed.name, "Größe 你好 (Anna Berg's conflicted copy).txt")
    wrong = fails(
        "hash mismatch",
        exceptions.ApiError,
        lambda: dbx.files_upload(b"x", "/wrong", content_hash="0" * 64),
    ).error
    equal("content_hash_mismatch", wrong.is_content_hash_mismatch(), True)
    bad = fails("bad input", exceptions.BadInputError, lambda: dbx.files_upload(b"x", "/"))
    equal("says so", "The root folder is unsupported." in bad.message, True)


def check_sessions():
    dbx = client()
    data = b"a block of the session; " * 400_000
    session = dbx.files_upload_session_start(data[:BLOCK]).session_id
    cursor = files.UploadSessionCursor(session, BLOCK)
    dbx.files_upload_session_append_v2(data[BLOCK : 2 * BLOCK], cursor)
    late = fails(
        "offset",
        exceptions.ApiError,
        lambda: dbx.files_upload_session_append_v2(data[BLOCK : 2 * BLOCK], cursor),
    ).error
    equal("correct_offset", late.get_incorrect_offset().correct_offset, 2 * BLOCK)
    cursor.offset = 2 * BLOCK
    made = dbx.files_upload_session_finish(data[2 * BLOCK :], cursor, files.CommitInfo("/large"))
    equal("large", made.content_hash, content_hash(data))
    equal("read", dbx.files_download("/large")[1].content, data)
    gone = fails(
        "finished twice",
        exceptions.ApiError,
        lambda: dbx.files_upload_session_finish(b"", cursor, files.CommitInfo("/large2")),
    ).error
    equal("not_found", gone.get_lookup_failed().is_not_found(), True)

    kind = files.UploadSessionType.concurrent
    both = dbx.files_upload_session_start(b"", session_type=kind).session_id
    dbx.files_upload_session_append_v2(data[BLOCK:], files.UploadSessionCursor(both, BLOCK), close=True)
    dbx.files_upload_session_append_v2(data[:BLOCK], files.UploadSessionCursor(both, 0))
    end = files.UploadSessionCursor(both, len(data))
    equal("concurrent", dbx.files_upload_session_finish(b"", end, files.CommitInfo("/c")).size, len(data))

    begun = dbx.files_upload_session_start_batch(3).session_ids
    for index, one in enumerate(begun):
        dbx.files_upload_session_append_v2(b"x" * index, files.UploadSessionCursor(one, 0), close=True)
    paths = ["/b/0", "/large/below", "/b/2"]
    entries = [
        files.UploadSessionFinishArg(files.UploadSessionCursor(one, index), files.CommitInfo(paths[index]))
        for index, one in enumerate(begun)
    ]
    done = dbx.files_upload_session_finish_batch_v2(entries).entries
    equal("batch", [one.is_success() for one in done], [True, False, True])
    equal("size", done[2].get_success().size, 2)
    equal("ancestor", done[1].get_failure().get_path().get_conflict().is_file_ancestor(), True)


def check_listing():
    dbx = client()
    for index in range(7):
        dbx.files_upload(b"%d" % index, f"/f/d{index % 2}/{index}")
    listed = dbx.files_list_folder("", recursive=True, limit=2)
    entries = list(listed.entries)
    while listed.has_more:
        listed = dbx.files_list_folder_continue(listed.cursor)
        entries += listed.entries
    seen = sorted({entry.path_lower for entry in entries})
    equal("listed", seen, sorted(["/f", "/f/d0", "/f/d1"] + [f"/f/d{index % 2}/{index}" for index in range(7)]))
    kinds = {type(entry).__name__ for entry in entries}
    equal("kinds", kinds, {"FileMetadata", "FolderMetadata"})
    cursor = listed.cursor
    dbx.files_delete_v2("/f/d0")
    dbx.files_move_v2("/f/d1/1", "/moved")
    equal("longpoll", dbx.files_list_folder_longpoll(cursor, timeout=30).changes, True)
    changes = []
    more = True
    while more:
        page = dbx.files_list_folder_continue(cursor)
        changes += page.entries
        cursor, more = page.cursor, page.has_more
    equal(
        "changes",
        sorted((type(entry).__name__, entry.path_lower) for entry in changes),
        [("DeletedMetadata", "/f/d0"), ("DeletedMetadata", "/f/d1/1"), ("FileMetadata", "/moved")],
    )
    latest = dbx.files_list_folder_get_latest_cursor("", recursive=True).cursor
    equal("nothing new", dbx.files_list_folder_continue(latest).entries, [])
    error = fails("not there", exceptions.ApiError, lambda: dbx.files_list_folder("/nowhere")).error
    equal("path", error.get_path().is_not_found(), True)
    fails("no cursor", exceptions.BadInputError, lambda: dbx.files_list_folder_continue("nonsense"))
    admin("POST", "/cursor-reset", {"account": SETUP["account_id"]})
    reset = fails("reset", exceptions.ApiError, lambda: dbx.files_list_folder_continue(latest)).error
    equal("is_reset", reset.is_reset(), True)
    metadata = dbx.files_get_metadata("/f/d0", include_deleted=True)
    equal("deleted", isinstance(metadata, files.DeletedMetadata), True)


def check_tree():
    dbx = client()
    equal("folder", dbx.files_create_folder_v2("/A").metadata.path_lower, "/a")
    again = fails("again", exceptions.ApiError, lambda: dbx.files_create_folder_v2("/a")).error
    equal("conflict", again.get_path().get_conflict().is_folder(), True)
    made = dbx.files_upload(b"one", "/A/one")
    copied = dbx.files_copy_v2("/A", "/B").metadata
    equal("copied", [isinstance(copied, files.FolderMetadata), copied.name], [True, "B"])
    moved = dbx.files_move_v2("/A/one", "/C/two").metadata
    equal("moved", [moved.id, moved.name], [made.id, "two"])
    taken = fails("taken", exceptions.ApiError, lambda: dbx.files_move_v2("/C/two", "/B/one")).error
    equal("to", taken.get_to().get_conflict().is_file(), True)
    lost = fails("lost", exceptions.ApiError, lambda: dbx.files_copy_v2("/nowhere", "/x")).error
    equal("from_lookup", lost.get_from_lookup().is_not_found(), True)
    removed = dbx.files_delete_v2("/C/two", parent_rev=moved.rev).metadata
    equal("removed", removed.rev, moved.rev)
    gone = fails("gone", exceptions.ApiError, lambda: dbx.files_delete_v2("/C/two")).error
    equal("path_lookup", gone.get_path_lookup().is_not_found(), True)

    folders = poll(dbx.files_create_folder_batch_check, dbx.files_create_folder_batch(["/x", "/y", "/x", "/B"]))
    equal("folders", [one.is_success() for one in folders.entries], [True, True, True, False])
    many = dbx.files_create_folder_batch([f"/many/{index}" for index in range(60)])
    equal("a job", many.is_async_job_id(), True)
    equal("its end", len(poll(dbx.files_create_folder_batch_check, many).entries), 60)
    pairs = [files.RelocationPath("/x", "/x2"), files.RelocationPath("/nowhere", "/n")]
    copies = poll(dbx.files_copy_batch_check_v2, dbx.files_copy_batch_v2(pairs))
    equal("copies", [one.is_success() for one in copies.entries], [True, False])
    reason = copies.entries[1].get_failure().get_relocation_error()
    equal("reason", reason.get_from_lookup().is_not_found(), True)
    moves = poll(dbx.files_move_batch_check_v2, dbx.files_move_batch_v2([files.RelocationPath("/y", "/y2")]))
    equal("moves", moves.entries[0].get_success().path_display, "/y2")
    entries = [files.DeleteArg("/x2"), files.DeleteArg("/x2")]
    deletes = poll(dbx.files_delete_batch_check, dbx.files_delete_batch(entries))
    equal("deletes", [one.is_success() for one in deletes.entries], [True, False])
    why = deletes.entries[1].get_failure().get_path_lookup()
    equal("why", why.is_not_found(), True)
    unknown = fails("no job", exceptions.ApiError, lambda: dbx.files_delete_batch_check("dbjid:none")).error
    equal("invalid_async_job_id", unknown.is_invalid_async_job_id(), True)


def check_history():
    dbx = client()
    revs = [dbx.files_upload(b"v%d" % n, "/file", mode=files.WriteMode.overwrite).rev for n in range(3)]
    listed = dbx.files_list_revisions("/file")
    equal("newest first", [one.rev for one in listed.entries], revs[::-1])
    equal("present", listed.is_deleted, False)
    dbx.files_delete_v2("/file")
    removed = dbx.files_list_revisions("/file")
    equal("removed", [removed.is_deleted, removed.server_deleted is not None], [True, True])
    restored = dbx.files_restore("/file", revs[0])
    equal("restored", dbx.files_download("/file")[1].content, b"v0")
    equal("a new revision", restored.rev in revs, False)
    equal("same id", restored.id, removed.entries[0].id)
    bad = fails("no such rev", exceptions.ApiError, lambda: dbx.files_restore("/file", "0123456789abcdef")).error
    equal("invalid_revision", bad.is_invalid_revision(), True)

    dbx.files_upload(b"", "/search/Report 2026.txt")
    dbx.files_upload(b"", "/search/other.pdf")
    found = dbx.files_search_v2("report")
    equal("found", [one.metadata.get_metadata().name for one in found.matches], ["Report 2026.txt"])
    options = files.SearchOptions(path="/search", max_results=1)
    first = dbx.files_search_v2("t", options=options)
    names = [one.metadata.get_metadata().name for one in first.matches]
    while first.has_more:
        first = dbx.files_search_continue_v2(first.cursor)
        names += [one.metadata.get_metadata().name for one in first.matches]
    equal("pages", len(names), len(set(names)))

    for name in ["a", "b/c"]:
        dbx.files_upload(name.encode(), f"/zip/{name}")
    metadata, answer = dbx.files_download_zip("/zip")
    equal("zip of", metadata.metadata.name, "zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    equal("zip", archive.testzip(), None)
    equal("zip content", archive.read("zip/b/c"), b"b/c")
    no_zip = fails("zip of a file", exceptions.ApiError, lambda: dbx.files_download_zip("/file")).error
    equal("not_folder", no_zip.get_path().is_not_folder(), True)


def check_links():
    dbx = client()
    dbx.files_upload(b"for all", "/public.txt")
    made = dbx.sharing_create_shared_link_with_settings("/public.txt")
    equal("kind", isinstance(made, sharing.FileLinkMetadata), True)
    equal("fetched", requests.get(made.url.replace("dl=0", "dl=1"), timeout=30).content, b"for all")
    second = fails(
        "second", exceptions.ApiError, lambda: dbx.sharing_create_shared_link_with_settings("/public.txt")
    ).error
    known = second.get_shared_link_already_exists().get_metadata()
    equal("the same", known.url, made.url)
    settings = sharing.SharedLinkSettings(expires=datetime.datetime(2030, 1, 1))
    dbx.files_upload(b"x", "/other")
    refused = fails(
        "expires",
        exceptions.ApiError,
        lambda: dbx.sharing_create_shared_link_with_settings("/other", settings),
    ).error
    equal("not_authorized", refused.get_settings_error().is_not_authorized(), True)
    equal("listed", [one.url for one in dbx.sharing_list_shared_links().links], [made.url])
    equal("metadata", dbx.sharing_get_shared_link_metadata(made.url).name, "public.txt")
    dbx.sharing_revoke_shared_link(made.url)
    equal("revoked", dbx.sharing_list_shared_links().links, [])
    unknown = fails("unknown", exceptions.ApiError, lambda: dbx.sharing_revoke_shared_link(made.url)).error
    equal("shared_link_not_found", unknown.is_shared_link_not_found(), True)
    temporary = dbx.files_get_temporary_link("/public.txt")
    equal("temporary", requests.get(temporary.link, timeout=30).content, b"for all")
    upload = dbx.files_get_temporary_upload_link(files.CommitInfo("/by link"))
    headers = {"Content-Type": "application/octet-stream"}
    answer = requests.post(upload.link, data=b"sent", headers=headers, timeout=30)
    equal("upload link", [answer.status_code, dbx.files_download("/by link")[1].content], [200, b"sent"])


def check_errors():
    dbx = client()
    limit = {"kind": "status", "status": 429, "retryAfterSeconds": 7}
    admin("PUT", "/faults", [{"match": {"route": "files/upload"}, "fault": limit, "times": 1}])
    error = fails("rate limit", exceptions.RateLimitError, lambda: dbx.files_upload(b"", "/x"))
    equal("backoff", error.backoff, 7)
    equal("too_many_requests", error.error.reason.is_too_many_requests(), True)
    writes = {**limit, "reason": "too_many_write_operations", "retryAfterSeconds": 0}
    admin("PUT", "/faults", [{"match": {"route": "files/upload"}, "fault": writes, "times": 1}])
    patient = dropbox.Dropbox(SETUP["access_token"], max_retries_on_rate_limit=2)
    equal("retried", patient.files_upload(b"", "/x").path_lower, "/x")
    admin("PUT", "/faults", [{"fault": {"kind": "status", "status": 503}, "times": 1}])
    equal("503", fails("server error", exceptions.InternalServerError, dbx.check_user).status_code, 503)
    admin("DELETE", "/faults")

    forged = dropbox.Dropbox("sl.forged", max_retries_on_error=0)
    invalid = fails("forged token", exceptions.AuthError, forged.users_get_current_account)
    equal("invalid_access_token", invalid.error.is_invalid_access_token(), True)
    narrow = dropbox.Dropbox(SETUP["narrow_token"])
    scope = fails("scope", exceptions.AuthError, lambda: narrow.files_upload(b"", "/y"))
    equal("missing_scope", scope.error.get_missing_scope().required_scope, "files.content.write")

    home = dbx.users_get_current_account().root_info.root_namespace_id
    rooted = dbx.with_path_root(common.PathRoot.root(home))
    equal("path root", rooted.files_get_metadata("/x").path_lower, "/x")
    by_namespace = dbx.with_path_root(common.PathRoot.namespace_id(home))
    equal("namespace", by_namespace.files_get_metadata(f"ns:{home}/x").path_lower, "/x")
    foreign = dbx.with_path_root(common.PathRoot.root("1"))
    root = fails("another root", exceptions.PathRootError, lambda: foreign.files_get_metadata("/x"))
    equal("invalid_root", root.error.get_invalid_root().root_namespace_id, home)
    other = dbx.with_path_root(common.PathRoot.namespace_id("1"))
    no = fails("no permission", exceptions.PathRootError, lambda: other.files_get_metadata("/x"))
    equal("no_permission", no.error.is_no_permission(), True)


def check_refresh():
    """The server's clock is past the end of the access token."""
    expired = client()
    ended = fails("ended", exceptions.AuthError, expired.users_get_current_account)
    equal("expired", ended.error.is_expired_access_token(), True)
    dbx = dropbox.Dropbox(
        oauth2_access_token=SETUP["access_token"],
        oauth2_access_token_expiration=datetime.datetime.utcnow() + datetime.timedelta(hours=1),
        oauth2_refresh_token=SETUP["refresh_token"],
        app_key="key",
        app_secret="secret",
    )
    equal("refreshed on 401", dbx.users_get_current_account().name.display_name, "Anna Berg")
    other = dropbox.Dropbox(oauth2_refresh_token=SETUP["refresh_token"], app_key="key", app_secret="secret")
    equal("refreshed at first", other.users_get_current_account().name.display_name, "Anna Berg")
    dbx.auth_token_revoke()
    revoked = fails("revoked", exceptions.AuthError, dbx.users_get_current_account)
    equal("invalid", revoked.error.is_invalid_access_token(), True)


def consent(url):
    """Press "allow" on the page at `url`; the code that is shown."""
    session = requests.Session()
    page = session.get(url, timeout=30).text
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input\s+type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', page)
    }
    accounts = re.findall(r'type="radio"\s+name="account"\s+value="([^"]*)"', page)
    fields.update({"decision": "allow", **({"account": html.unescape(accounts[0])} if accounts else {})})
    origin = "/".join(url.split("/")[:3])
    shown = session.post(url, data=fields, headers={"Origin": origin}, timeout=30)
    return re.search(r"<output[^>]*>([^<]+)</output>", shown.text).group(1)


def check_oauth():
    flow = dropbox.DropboxOAuth2FlowNoRedirect("key", use_pkce=True, token_access_type="offline")
    result = flow.finish(consent(flow.start()))
    equal("account", result.account_id, SETUP["account_id"])
    equal("refresh token", bool(result.refresh_token), True)
    dbx = dropbox.Dropbox(oauth2_refresh_token=result.refresh_token, app_key="key")
    equal("serves", dbx.users_get_current_account().account_id, SETUP["account_id"])
    scopes = ["account_info.read", "files.metadata.read"]
    with_secret = dropbox.DropboxOAuth2FlowNoRedirect("key", "secret", token_access_type="online", scope=scopes)
    narrow = with_secret.finish(consent(with_secret.start()))
    equal("scope", sorted(narrow.scope.split()), scopes)
    equal("online", bool(narrow.refresh_token), False)
    fails("wrong code", requests.HTTPError, lambda: with_secret.finish("wrong"))
    missing = fails("scope", exceptions.AuthError, lambda: dropbox.Dropbox(narrow.access_token).files_upload(b"", "/x"))
    equal("missing_scope", missing.error.is_missing_scope(), True)


globals()["check_" + sys.argv[1]]()
print("done")
