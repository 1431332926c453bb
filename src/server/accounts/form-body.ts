import { formBytesMax } from "../limits.ts";
import { Body } from "../wire/body.ts";
import { HttpFailure } from "../wire/failure.ts";

/**
 * The fields of a form that was sent; none where the body is of another type.
 *
 * @throws {HttpFailure} 400 when it is longer than a form may be.
 */
export async function formBody(request: Request): Promise<URLSearchParams> {
  const tooLong = (): Error => new HttpFailure(400, { error: "invalid_request" });
  const bytes = await new Body(request, { bytesMax: formBytesMax, tooLong }).rest();
  const isForm = request.headers.get("content-type")?.includes("form-urlencoded") ?? false;
  return new URLSearchParams(isForm ? Buffer.from(bytes).toString("utf8") : "");
}
