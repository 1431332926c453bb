/** What the front of the server bears from its clients (V10, V79). */

/** Bytes of a request's line and headers: `append_batch` has up to 1,000 entries in one header. */
export const headerBytesMax: number = 1024 * 1024;

/** Headers in one request. Node would drop those beyond its own limit without a word. */
export const headersMax = 1_000;

/** Open connections: 10,000 may wait in longpolls (V32), and others have to get through. */
export const connectionsMax = 12_000;

/** Connections that the system holds until they are accepted; it has a limit of its own, too. */
export const backlogMax = 4_096;

/** Requests of one connection that wait for the answer to the one before them. */
export const pipelinedMax = 64;

/**
 * Bytes of a body that are read and dropped after its call was answered, so that a client that first sends everything
 * gets the answer: somewhat more than the largest body of a call (150 MiB).
 */
export const drainedBytesMax: number = 160 * 1024 * 1024;

/** From the start of a connection or request to the end of its headers. */
export const headersTimeoutMs = 60_000;

/** Silence in a TLS handshake, also one in a tunnel, that ends it. */
export const handshakeTimeoutMs = 60_000;

/** How long a connection may stay open between two requests. */
export const keepAliveMs = 90_000;

/**
 * Silence in both directions that ends a connection. A longpoll is silent for 480 s and some more (V32); a whole
 * request or answer may take as long as it likes.
 */
export const silenceMs = 660_000;

/** How long a refused connection stays open for the client to read why. */
export const lingerMs = 2_000;

/** How often a TLS server looks whether its certificate nears its end. */
export const renewalCheckMs: number = 60 * 60 * 1000;
