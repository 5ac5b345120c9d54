import { render } from 'preact';

import { App } from './app.js';
import { Languages } from './language.js';
import './style.css';

render(
  <Languages>
    <App />
  </Languages>,
  document.getElementById('app') as HTMLElement,
);
