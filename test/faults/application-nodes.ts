import type { ApplicationSettings } from './application/app.js';
import { ApplicationProcess, type Kill, type Life } from './application-process.js';
import type { Outages } from './outages.js';

/** The processes of the application, on ports of their own and with one database. */
export class ApplicationNodes {
  /** Of all nodes, in the order of their starts. */
  readonly lives: Life[] = [];
  private readonly nodes: readonly ApplicationProcess[];
  /** Those that are being killed and come up again. */
  private readonly away = new Map<ApplicationProcess, Promise<void>>();

  constructor(
    ports: readonly number[],
    program: string,
    settings: Omit<ApplicationSettings, 'journal' | 'port'>,
    folder: string,
    outages: Outages,
  ) {
    this.nodes = ports.map(
      (port, node) =>
        new ApplicationProcess(node, this.lives, program, { ...settings, port }, folder, outages),
    );
  }

  /** All at once, on an empty database. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /** Kills any that is ready while another goes on. Resolves when the next one may be killed. */
  async kill(how: Kill): Promise<void> {
    const ready = this.nodes.filter((node) => !this.away.has(node));
    const node = ready[Math.floor(Math.random() * ready.length)] as ApplicationProcess;
    this.away.set(
      node,
      node.kill(how).finally(() => this.away.delete(node)),
    );
    const bearable = Math.max(1, this.nodes.length - 1);
    while (this.away.size >= bearable) await Promise.race(this.away.values());
  }

  /** Waits until all are there. @returns how long the slowest took to stop, ms */
  async stop(): Promise<number> {
    await Promise.all(this.away.values());
    return Math.max(...(await Promise.all(this.nodes.map((node) => node.stop()))));
  }

  /** Ends what is still there, however the run went. */
  close(): void {
    for (const node of this.nodes) node.close();
  }
}
