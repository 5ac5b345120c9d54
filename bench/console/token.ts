/** Of those who look. */
export const CONSOLE_TOKEN = 'TokenOfTheBenchmark2026';
