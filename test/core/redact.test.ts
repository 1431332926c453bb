import { expect, test } from "vitest";
import { redact } from "../../src/core/redact.ts";

test.each([
  ["Authorization: Bearer abcdef0123456789", "Authorization: Bearer [hidden]"],
  ["token sl.u.AFx-9_secretsecret end", "token [hidden] end"],
  ['{"refresh_token": "abcdefghijkl"}', '{"refresh_token": "[hidden]"}'],
  ["code_verifier=abcdefghijkl&x=1", "code_verifier=[hidden]&x=1"],
  ["https://localhost/?code=a1b2&state=zz", "https://localhost/?code=[hidden]&state=[hidden]"],
  ["upload_session_id=pid_upload_session:ABC", "upload_session_id=[hidden]:ABC"],
  [
    "see https://www.dropbox.com/scl/fi/abc/x.txt?rlkey=1 now",
    "see https://www.dropbox.com/[hidden] now",
  ],
  ["via http://me:secret@proxy:3128", "via http://[hidden]@proxy:3128"],
])("X15: %s", (text, shown) => {
  expect(redact(text)).toBe(shown);
});

test.each([
  "code=workspace-missing reason=gone",
  "a file called token.txt",
  "https://localhost:8443 state=idle",
  "notes/password list.txt",
])("X15: what is no secret stays: %s", (text) => {
  expect(redact(text)).toBe(text);
});
