/**
 * The controllers of the callback routes: one class per kind and registration, named after the kind,
 * made of ordinary decorators.
 */
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { describe, expect, it } from 'vitest';

import { definitionOf } from '../../src/events/custom-event.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { createCallbackControllers } from '../../src/receiving/http/callback.controllers.js';
import { MIX } from '../support/custom-kinds.js';

const catalog = new EventCatalog([definitionOf(MIX)]);

const namesOf = (classes: readonly { name: string }[]) => classes.map(({ name }) => name);

describe('the controllers of a registration', () => {
  const controllers = createCallbackControllers({ path: 'css', decorators: [] }, catalog);

  it('are one per kind, named after it, and one for every kind', () => {
    expect(namesOf(controllers)).toEqual([
      'AnyCallbackController',
      'StreamPushController',
      'StreamInterruptController',
      'RecordFileController',
      'RecordStatusController',
      'RecordExceptionController',
      'ScreenshotController',
      'ImageAuditController',
      'AudioAuditController',
      'PushErrorController',
      'RelayController',
      'MonitorController',
      'SubtitlesController',
      'QualityControlController',
      'EvalThresholdController',
      'EvalAverageController',
      'SmartEraseController',
      'SummaryController',
      'HighlightController',
      'TestMixController',
    ]);
  });

  it('answer a POST to the path of their kind below the base path', () => {
    const routes = controllers.map((controller) => {
      const { receive } = controller.prototype as { receive: object };
      expect(Reflect.getMetadata(METHOD_METADATA, receive)).toBe(RequestMethod.POST);
      return [
        Reflect.getMetadata(PATH_METADATA, controller) as string,
        Reflect.getMetadata(PATH_METADATA, receive) as string,
      ];
    });
    const kinds = catalog.definitions.map(({ kind }) => ['css', kind]);
    expect(routes).toEqual([['css', '/'], ...kinds]);
  });

  it('extend no other class', () => {
    const parents = controllers.map((controller) => Object.getPrototypeOf(controller) as unknown);
    expect(new Set(parents)).toEqual(new Set([Function.prototype]));
  });

  it('are shared with no other registration', () => {
    const others = createCallbackControllers({ path: 'css', decorators: [] }, catalog);
    expect(namesOf(others)).toEqual(namesOf(controllers));
    expect(others.filter((other) => controllers.includes(other))).toEqual([]);
  });

  it("carry the host's own decorators, which find them under their name", () => {
    const found: string[] = [];
    const decorators: ClassDecorator[] = [(target) => void found.push(target.name)];
    expect(found).toEqual([]);
    const decorated = createCallbackControllers({ path: 'css', decorators }, catalog);
    expect(found).toEqual(namesOf(decorated));
  });
});
