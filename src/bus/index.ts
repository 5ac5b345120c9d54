export * from './delivery.ledger.js';
export * from './error-text.js';
export * from './listener.error.js';
export * from './listener.explorer.js';
export * from './listener.registry.js';
export * from './live-event.bus.js';
export * from './live-event.dispatcher.js';
export * from './on-live-event.decorator.js';
