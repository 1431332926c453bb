/** What a TLS server shows: PEM texts. */
export type ServerCertificate = {
  readonly key: string;
  /** The certificate, and what is between it and its CA. */
  readonly cert: string;
};

/** Where a front has its certificate from. */
export interface Certificates {
  /**
   * The certificate to use now: the same object until it is replaced. Asked for at the start, and while running.
   *
   * @throws {SnapError} when there is none any more.
   */
  current(): Promise<ServerCertificate>;
}
