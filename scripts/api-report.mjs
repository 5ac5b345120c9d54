/**
 * Writes what is public: for each sub-path of the package, the declarations that it exports, and those
 * that these are made of unless the main one exports them, without comments and private members. `npm run api` after a change that is
 * meant; `test/package/api-report.slow.spec.ts` compares them with a build.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';
import { parseAst } from 'rolldown/parseAst';

const ROOT = resolve(import.meta.dirname, '..');

/** Sub-paths by the names of their reports. */
export const REPORTS = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports)
    .filter(([, conditions]) => typeof conditions === 'object')
    .map(([path, conditions]) => [
      path === '.' ? 'index' : path.slice(2),
      (conditions['module-sync'] ?? conditions).types,
    ]),
);

/** The declarations, imports and exports of one file, by their names in it. */
function readModule(path) {
  const text = readFileSync(path, 'utf8');
  const module = {
    path,
    text,
    declared: new Map(),
    imported: new Map(),
    exported: new Map(),
    all: [],
  };
  const at = (source) =>
    source?.startsWith('.') ? resolve(path, '..', source.replace(/\.js$/, '.d.ts')) : undefined;
  for (const node of parseAst(text, { lang: 'dts' }).body) {
    const declaration = node.declaration ?? node;
    const file = at(node.source?.value);
    if (node.type === 'ImportDeclaration') {
      if (!file) continue;
      for (const { local, imported } of node.specifiers)
        module.imported.set(local.name, { file, name: imported.name });
    } else if (node.type === 'ExportAllDeclaration') {
      if (file) module.all.push(file);
    } else if (node.type === 'ExportNamedDeclaration' && !node.declaration) {
      for (const { local, exported } of node.specifiers) {
        if (file) module.imported.set(`re-exported ${local.name}`, { file, name: local.name });
        module.exported.set(exported.name, file ? `re-exported ${local.name}` : local.name);
      }
    } else {
      const names = declaration.declarations?.map(({ id }) => id.name) ?? [declaration.id?.name];
      for (const name of names.filter(Boolean)) {
        module.declared.set(name, [...(module.declared.get(name) ?? []), declaration]);
        if (node !== declaration) module.exported.set(name, name);
      }
    }
  }
  return module;
}

/** What a name of a file stands for: where it is declared, or undefined for what is of another package. */
function find(modules, path, name) {
  const module = modules(path);
  if (module.declared.has(name)) return { module, name };
  const { file, name: original } = module.imported.get(name) ?? {};
  return file === undefined ? undefined : findExported(modules, file, original);
}

function findExported(modules, path, name) {
  const module = modules(path);
  const local = module.exported.get(name);
  if (local !== undefined) return find(modules, path, local);
  for (const file of module.all) {
    const found = findExported(modules, file, name);
    if (found) return found;
  }
  return undefined;
}

function exportedNames(modules, path) {
  const { exported, all } = modules(path);
  return [...exported.keys(), ...all.flatMap((file) => exportedNames(modules, file))];
}

/** Nodes of a tree. */
function* within(node) {
  if (!node || typeof node !== 'object') return;
  if (typeof node.type === 'string') yield node;
  for (const value of Object.values(node)) yield* within(value);
}

/** The text of a declaration, without comments and private members. */
function textOf({ text }, declaration) {
  let result = '';
  let end = declaration.start;
  for (const node of within(declaration)) {
    if (node.accessibility !== 'private') continue;
    result += text.slice(end, node.start);
    end = node.end;
  }
  return (result + text.slice(end, declaration.end))
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/_\$_\w+?\d*\./g, '')
    .replace(/^(export |declare )+/, '')
    .replaceAll(/\n\s*;?(?=\n)/g, '');
}

/** An order that is the same in every locale. */
const byCode = (one, other) => (one < other ? -1 : Number(one > other));

/** What a file exports, by the places of the declarations. */
function exportsOf(modules, path) {
  const names = [...new Set(exportedNames(modules, path))].toSorted(byCode);
  return names.map((exported) => {
    const found = findExported(modules, path, exported);
    if (!found) throw new Error(`${path} exports ${exported}, which is declared nowhere`);
    return { exported, ...found };
  });
}

const placeOf = ({ module, name }) => `${module.path} ${name}`;

/** The report of one sub-path. @param folder of the built package */
export async function apiReport(name, folder) {
  const read = new Map();
  const modules = (file) => read.get(file) ?? read.set(file, readModule(file)).get(file);
  const queue = exportsOf(modules, resolve(folder, REPORTS[name]));
  const main = exportsOf(modules, resolve(folder, REPORTS.index)).map(placeOf);
  const known = new Set(name === 'index' ? [] : main);
  const written = new Set();
  const [open, behind] = [[], []];
  for (const found of queue) {
    const { exported, module } = found;
    const place = placeOf(found);
    if (written.has(place) || (exported === undefined && known.has(place))) continue;
    written.add(place);
    for (const declaration of module.declared.get(found.name)) {
      const lead = exported === undefined ? '' : 'export ';
      const text = `${lead}${textOf(module, declaration)}`;
      (exported === undefined ? behind : open).push(text);
      for (const { type, name: used } of within(declaration)) {
        if (type !== 'Identifier') continue;
        const next = find(modules, module.path, used);
        if (next) queue.push(next);
      }
    }
  }
  const code = [
    ...open.toSorted(byCode),
    '// Not exported, and part of the above',
    ...behind.toSorted(byCode),
  ];
  const options = await resolveConfig(join(ROOT, 'api/report.ts'));
  const formatted = await format(code.join('\n'), { ...options, parser: 'typescript' });
  const subPath = name === 'index' ? '' : `/${name}`;
  return `# nestjs-live-callback${subPath}\n\nWritten by \`npm run api\`.\n\n\`\`\`ts\n${formatted}\`\`\`\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(ROOT, 'api'), { recursive: true });
  for (const name of Object.keys(REPORTS)) {
    writeFileSync(join(ROOT, 'api', `${name}.api.md`), await apiReport(name, ROOT));
  }
}
