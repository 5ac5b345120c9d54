import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';

import { CloudFault } from '../templates/cloud.fault.js';
import type { CallbackRule, TemplateInput } from '../templates/callback-template.js';
import type { TemplateStore, TemplateSwitches } from '../templates/template.store.js';
import type { ApiFault } from './api.fault.js';
import { readRequest } from './api.request.js';
import type { LoggedRequest } from './request.log.js';

/** Where the helper routes are, which the cloud does not have. */
export const ADMIN_PREFIX = '/_emulator/';

/** What the helper routes reach. */
export interface AdminTarget {
  readonly templates: TemplateStore;
  readonly requests: readonly LoggedRequest[];
  fail(fault: ApiFault): void;
  limit(action: string, perSecond: number | undefined): void;
  shiftClock(offsetMs: number): void;
  wipe(): void;
}

interface Seed {
  templates?: readonly TemplateInput[];
  /** `template` is the position in the list of templates. */
  rules?: readonly (Pick<CallbackRule, 'domain' | 'appName'> & { template: number })[];
}

type Route = (body: unknown) => unknown;

/**
 * What the emulator can be told from another process. `PUT` and `DELETE` only, because a page in a
 * browser cannot send those to another origin, and nothing under a name that could be such an origin.
 */
export class AdminRoutes {
  private readonly routes: ReadonlyMap<string, Route>;

  /** @param host by which the emulator is known besides its addresses */
  constructor(
    target: AdminTarget,
    private readonly host: string | undefined,
    trigger?: (event: unknown) => unknown,
  ) {
    this.routes = new Map<string, Route>([
      ['GET requests', () => target.requests],
      ['DELETE state', () => target.wipe()],
      ['PUT state', (seed) => plant(target.templates, seed as Seed)],
      ['PUT clock', (body) => target.shiftClock((body as { offsetMs: number }).offsetMs)],
      ['PUT fault', (fault) => target.fail(fault as ApiFault)],
      [
        'PUT limit',
        (body) => {
          const { action, perSecond } = body as { action: string; perSecond?: number };
          target.limit(action, perSecond);
        },
      ],
      [
        'PUT switches',
        (body) => {
          const { switches } = target.templates;
          const unknown = Object.keys(body as object).find((name) => !(name in switches));
          if (unknown) throw new TypeError(`${unknown} is no switch.`);
          return Object.assign(switches, body as Partial<TemplateSwitches>);
        },
      ],
      ...(trigger ? [['PUT trigger', trigger] as const] : []),
    ]);
  }

  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${path.slice(ADMIN_PREFIX.length)}`;
    const route = this.routes.get(name);
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (!isOwnName(request.headers.host ?? '', this.host)) {
      return send(403, {
        error: 'Host must be an address, a name without a dot, or the "host" that was configured.',
      });
    }
    if (!route) return send(404, { error: `Routes: ${[...this.routes.keys()].join(', ')}.` });
    try {
      const { body } = await readRequest(request);
      const given: unknown = body.length === 0 ? undefined : JSON.parse(body.toString());
      if (request.method === 'PUT' && (typeof given !== 'object' || given === null)) {
        return send(400, { error: 'The body must be a JSON object.' });
      }
      return send(200, (await route(given)) ?? {});
    } catch (error) {
      const isBad = [CloudFault, SyntaxError, TypeError].some((type) => error instanceof type);
      return send(isBad ? 400 : 500, { error: String(error) });
    }
  }
}

/**
 * A page may give a name of its own the address of this machine, and is then no stranger to the browser:
 * what it sends has that name as Host. Names without a dot are nobody's on the internet.
 */
function isOwnName(header: string, host: string | undefined): boolean {
  const name = header.replace(/:\d+$/, '');
  const isAddress = isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return isAddress || /^[\w-]+$/.test(name) || name.toLowerCase() === host?.toLowerCase();
}

function plant(store: TemplateStore, { templates = [], rules = [] }: Seed) {
  const ids = templates.map((fields) => store.createTemplate(fields));
  for (const { domain, appName, template } of rules) {
    const id = ids[template];
    if (id === undefined) {
      throw new CloudFault('InvalidParameterValue', `There is no templates[${template}].`);
    }
    store.createRule(domain, appName, id);
  }
  return { templates: ids };
}
