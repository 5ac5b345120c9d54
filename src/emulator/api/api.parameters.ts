import { CloudFault } from '../templates/cloud.fault.js';
import type { ApiRequest } from './api.request.js';

/** Types that the emulated actions use. */
export type ParameterType = 'string' | 'integer' | 'strings';

/** The parameters of an action by name; required ones end with `!`. */
export type ParameterSpec = Readonly<Record<string, ParameterType | `${ParameterType}!`>>;

type Value = string | number | readonly string[];

/** Parameters of a call that fit their specification. */
export class Parameters {
  /** @param rowsMoved by how many rows a list has moved since its first page was read */
  constructor(
    private readonly values: ReadonlyMap<string, Value>,
    readonly rowsMoved = 0,
  ) {}

  /** The same, about a list that has moved meanwhile. */
  movedBy(rows: number): Parameters {
    return new Parameters(this.values, rows);
  }

  /** A parameter that the specification requires as string. */
  string(name: string): string {
    return this.values.get(name) as string;
  }

  /** A parameter that the specification requires as integer. */
  integer(name: string): number {
    return this.values.get(name) as number;
  }

  optionalString(name: string): string | undefined {
    return this.values.get(name) as string | undefined;
  }

  optionalInteger(name: string): number | undefined {
    return this.values.get(name) as number | undefined;
  }

  /** All that were given, except the named ones. */
  without(...names: readonly string[]): Record<string, Value> {
    return Object.fromEntries([...this.values].filter(([name]) => !names.includes(name)));
  }
}

/** What a caller sends, before it is checked. */
export type RawParameters = Readonly<Record<string, unknown>>;

/**
 * The parameters as sent: JSON of a POST, or the query of a GET, where lists are `Name.0`, `Name.1`.
 *
 * @throws CloudFault
 */
export function rawParametersOf({ method, query, body }: ApiRequest): RawParameters {
  if (method === 'GET') return fromQuery(query);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    throw new CloudFault('InvalidParameter', 'The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new CloudFault('InvalidParameter', 'The body must be a JSON object.');
  }
  return parsed as RawParameters;
}

/**
 * Checks parameters in the order of the cloud: unknown, of the wrong type, missing.
 *
 * @throws CloudFault
 */
export function checkParameters(raw: RawParameters, spec: ParameterSpec): Parameters {
  const values = new Map<string, Value>();
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(spec, name)) {
      throw new CloudFault('UnknownParameter', `${name} is no parameter of this action.`);
    }
  }
  for (const [name, type] of Object.entries(spec)) {
    const value = raw[name];
    if (value === undefined || value === null) continue;
    values.set(name, convert(name, value, type));
  }
  for (const [name, type] of Object.entries(spec)) {
    if (type.endsWith('!') && !values.has(name)) {
      throw new CloudFault('MissingParameter', `${name} is missing.`);
    }
  }
  return new Parameters(values);
}

function convert(name: string, value: unknown, type: string): Value {
  if (type.startsWith('strings')) {
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  } else if (type.startsWith('string')) {
    if (typeof value === 'string') return value;
  } else {
    // A sample of the vendor shows an id in quotes, and a query knows nothing but text.
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (Number.isSafeInteger(number)) return number as number;
  }
  throw new CloudFault('InvalidParameter', `${name} is not of type ${type.replace('!', '')}.`);
}

function fromQuery(query: string): RawParameters {
  const raw: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const [, list, index] = /^(\w+)\.(\d{1,4})$/.exec(name) ?? [];
    if (list === undefined) {
      if (Object.hasOwn(raw, name)) {
        throw new CloudFault('InvalidParameter', `${name} is given twice.`);
      }
      raw[name] = value;
    } else {
      const values = (raw[list] ??= []);
      if (!Array.isArray(values) || values.length !== Number(index)) {
        throw new CloudFault('InvalidParameter', `${name} is out of order.`);
      }
      values.push(value);
    }
  }
  return raw;
}
