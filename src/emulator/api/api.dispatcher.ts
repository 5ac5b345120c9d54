import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { CloudFault } from '../templates/cloud.fault.js';
import type { Actions } from './action.js';
import { errorEnvelope, resultEnvelope } from './api.answer.js';
import { FaultScript, type ApiFault, type FaultEffect } from './api.fault.js';
import { checkParameters, rawParametersOf, type RawParameters } from './api.parameters.js';
import type { ApiRequest } from './api.request.js';
import { RateLimiter } from './rate.limiter.js';
import { isSpoiling, spoiledResult } from './spoiled.result.js';
import { SeededRandom } from '../seeded.random.js';
import { RequestLog } from './request.log.js';
import { verifyTc3, type ApiCredential } from './tc3.verifier.js';

const VERSION = '2018-08-01';

/** How requests are told good from bad. */
export interface DispatcherOptions {
  readonly actions: Actions;
  readonly credentials: readonly ApiCredential[];
  readonly isStrict: boolean;
  readonly isUnsigned: boolean;
  /** Calls per second, by action. */
  readonly rates: Readonly<Record<string, number>>;
  /** Draws which calls a fault with a rate strikes. */
  readonly seed: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Time against which requests are checked, Unix milliseconds. */
  readonly requestNow: () => number;
}

/** What became of a request. */
export interface Dispatched {
  readonly requestId: string;
  readonly envelope: string;
  /** What strikes the answer; undefined when nothing does. */
  readonly effect: FaultEffect | undefined;
}

/** Takes a request through the checks, in the order of the cloud, and runs its action. */
export class ApiDispatcher {
  readonly faults: FaultScript;
  readonly log = new RequestLog();
  readonly limiter: RateLimiter;

  constructor(private readonly options: DispatcherOptions) {
    this.faults = new FaultScript(new SeededRandom(options.seed));
    this.limiter = new RateLimiter(options.rates);
  }

  get actionNames(): readonly string[] {
    return Object.keys(this.options.actions);
  }

  async dispatch(request: ApiRequest): Promise<Dispatched> {
    const requestId = randomUUID();
    const action = request.header('x-tc-action') ?? '';
    let parameters: RawParameters = {};
    let fault: ApiFault | undefined;
    let effect: FaultEffect | undefined;
    let outcome = 'ok';
    let envelope: string;
    try {
      this.authenticate(request);
      const called = this.actionOf(request, action);
      parameters = rawParametersOf(request);
      const checked = checkParameters(parameters, called.parameters);
      fault = this.faults.take(action);
      effect = fault?.effect;
      const isBefore = fault !== undefined && fault.when !== 'after';
      if (isBefore && effect && 'delayMs' in effect) {
        await delay(effect.delayMs, undefined, { ref: false });
        effect = undefined;
      }
      if (effect && isSpoiling(effect)) {
        const asked = 'moved' in effect ? checked.movedBy(effect.moved) : checked;
        envelope = resultEnvelope(spoiledResult(called.run(asked), effect), requestId);
        effect = undefined;
      } else {
        envelope = resultEnvelope(isBefore && effect ? {} : called.run(checked), requestId);
      }
    } catch (error) {
      // Anything else is a fault of the emulator, and says so as the cloud does.
      const known = error instanceof CloudFault ? error : undefined;
      outcome = known?.cloudCode ?? 'InternalError';
      envelope = errorEnvelope(outcome, known?.message ?? String(error), requestId);
    }
    this.log.add({
      at: this.options.now(),
      action,
      parameters,
      outcome,
      requestId,
      fault: fault ? `${fault.when ?? 'before'} ${Object.keys(fault.effect).join(' ')}` : null,
    });
    return { requestId, envelope, effect };
  }

  private authenticate(request: ApiRequest): void {
    const { credentials, isStrict, isUnsigned, requestNow } = this.options;
    if (request.method !== 'POST' && request.method !== 'GET') {
      throw new CloudFault('UnsupportedProtocol', 'Only POST and GET are supported.');
    }
    if (!isUnsigned) verifyTc3(request, credentials, requestNow(), isStrict);
  }

  private actionOf(request: ApiRequest, name: string): Actions[string] {
    if (name === '') throw new CloudFault('MissingParameter', 'X-TC-Action is missing.');
    const { actions, now } = this.options;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw new CloudFault('InvalidAction', `There is no action ${name}.`);
    const version = request.header('x-tc-version');
    if (version === undefined) throw new CloudFault('MissingParameter', 'X-TC-Version is missing.');
    if (version !== VERSION) {
      throw new CloudFault('NoSuchVersion', `The version of this API is ${VERSION}.`);
    }
    if (action.regions) checkRegion(request.header('x-tc-region'), action.regions);
    if (!this.limiter.admits(name, now())) {
      throw new CloudFault('RequestLimitExceeded', `Too many calls of ${name} in this second.`);
    }
    return action;
  }
}

function checkRegion(region: string | undefined, regions: readonly string[]): void {
  if (region === undefined) throw new CloudFault('MissingParameter', 'X-TC-Region is missing.');
  if (regions.includes(region)) return;
  throw new CloudFault('UnsupportedRegion', `Regions of this action: ${regions.join(', ')}.`);
}
