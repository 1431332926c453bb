/** Ends a run of the engine the way a `SIGKILL` does: nothing that it would still do happens. */
export class Killed extends Error {}

type When = "before" | "after" | "instead";
type Hook = { readonly method: string; readonly when: When; readonly act: Act };
type Act = (argument: unknown) => unknown;

/** Lets a test act at the calls of the ports, or end the run there. Methods are named `local.perform`, `remote.move`. */
export class PortHooks {
  readonly #hooks: Hook[] = [];
  #isDead = false;

  before(method: string, act: Act): void {
    this.#hooks.push({ method, when: "before", act });
  }

  after(method: string, act: Act): void {
    this.#hooks.push({ method, when: "after", act });
  }

  /** Answer the next call in place of the port. */
  instead(method: string, act: Act): void {
    this.#hooks.push({ method, when: "instead", act });
  }

  /** From here on every call fails; for the act of a hook. */
  readonly kill = (): never => {
    this.#isDead = true;
    throw new Killed("killed");
  };

  /** The same port, with the hooks on its methods that give promises. */
  on<P extends object>(side: "local" | "remote", port: P): P {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function" || typeof name !== "string") return member;
        return (...input: unknown[]): unknown => {
          if (this.#isDead) throw new Killed("killed");
          const call = (): unknown => Reflect.apply(member, target, input);
          const method = `${side}.${name}`;
          return this.#hooked(method) ? this.#run(method, call, input[0]) : call();
        };
      },
    });
  }

  #hooked(method: string): boolean {
    return this.#hooks.some((hook) => hook.method === method);
  }

  async #run(method: string, call: () => unknown, argument: unknown): Promise<unknown> {
    await this.#take(method, "before")?.(argument);
    const instead = this.#take(method, "instead");
    const result = await (instead === undefined ? call() : instead(argument));
    await this.#take(method, "after")?.(argument);
    return result;
  }

  #take(method: string, when: When): Act | undefined {
    const at = this.#hooks.findIndex((hook) => hook.method === method && hook.when === when);
    return at < 0 ? undefined : this.#hooks.splice(at, 1)[0]?.act;
  }
}
