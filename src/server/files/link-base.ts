/**
 * Where links of this server begin for whoever made this call: the origin that the call came to, with the first part
 * of its path where that stands for a host (V8). So a link can be fetched through the same port.
 */
export function linkBase(request: Request): string {
  const { origin, pathname } = new URL(request.url);
  return origin + pathname.slice(0, Math.max(0, pathname.lastIndexOf("/2/")));
}
