// Preloaded into a process that ends, by SIGKILL, before its nth step: a change of a file, or a request.
import fs from 'node:fs/promises';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

let left = Number(process.env.KILL_AT);

function counted(owner, name) {
  const original = owner[name];
  owner[name] = function (...args) {
    if (left-- === 0) process.kill(process.pid, 'SIGKILL');
    return original.apply(this, args);
  };
}

for (const name of ['mkdir', 'writeFile', 'link', 'rm', 'open', 'rename']) counted(fs, name);
counted(http, 'request');
syncBuiltinESMExports();
