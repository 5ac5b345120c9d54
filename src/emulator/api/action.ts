import type { Parameters, ParameterSpec } from './api.parameters.js';

/** One action of the cloud API. */
export interface Action {
  readonly parameters: ParameterSpec;
  /** Regions of which a call must name one; absent when the action asks for none. */
  readonly regions?: readonly string[];
  /**
   * @returns the fields of the response besides `RequestId`
   * @throws CloudFault
   */
  run(parameters: Parameters): Record<string, unknown>;
}

/** Actions by name. */
export type Actions = Readonly<Record<string, Action>>;
