import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Rooms of which each imports only those before it. */
const HOUSE = [
  'common',
  'events',
  'options',
  'storage',
  'delivery',
  'receiving',
  'operations',
  'sessions',
  'module',
  'index.ts',
];
/** Rooms that a host adds, each by a sub-path of its own: they know nothing of each other. */
const ANNEXES = ['bullmq', 'broker', 'cloud', 'console', 'telemetry', 'openapi'];

const below = (room) => HOUSE.slice(0, HOUSE.indexOf(room));

/** What a room may import besides itself. */
const MAY_IMPORT = new Map([
  ...HOUSE.map((room) => [room, below(room)]),
  ...ANNEXES.map((room) => [room, HOUSE]),
  ['testing', [...below('module'), 'index.ts']],
  ['emulator', [...HOUSE, 'testing']],
  ['cli', [...HOUSE, ...ANNEXES, 'testing', 'emulator']],
  ['app', [...HOUSE, ...ANNEXES, 'testing', 'emulator']],
]);

/** The room of a path, which may name what the compiler makes of it; null outside src/. */
function roomOf(path) {
  const [room] = relative(SRC, path).split(sep);
  return room === '..' ? null : room.replace(/\.js$/, '.ts');
}

/** Dependencies between rooms point one way; those for types alone count too. */
const oneWay = {
  create(context) {
    const room = roomOf(context.filename);
    if (room === null) return {};
    const allowed = MAY_IMPORT.get(room);
    const check = ({ source }) => {
      if (source?.type !== 'Literal' || !String(source.value).startsWith('.')) return;
      const target = roomOf(resolve(dirname(context.filename), source.value));
      if (target === null || target === room || allowed?.includes(target)) return;
      const message = allowed
        ? `src/${room} must not import src/${target}, which is not below it. Declare here, as an interface, what it needs of it.`
        : `src/${room} is a new room: say in .oxlint/rooms.js what it may import.`;
      context.report({ node: source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    };
  },
};

export default { meta: { name: 'rooms' }, rules: { 'one-way': oneWay } };
