/**
 * What is wrong with the coding that a request names for its body; undefined where nothing is. Bodies are stored as they
 * come, so one that was packed would be another file (Choice 2).
 */
export function troubleOfCoding(headers: Headers): string | undefined {
  const coding = headers.get("content-encoding");
  if (coding === null || coding.trim().toLowerCase() === "identity") return undefined;
  return 'Bad HTTP "Content-Encoding" header.  The body has to be sent as it is.';
}
