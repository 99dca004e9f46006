import type { BoxKind } from './layout.ts'

/** A line drawing for each kind, 24 by 24. */
export const signs: Readonly<Record<BoxKind, string>> = {
  dataset:
    'M5 6c0-1.7 3.1-3 7-3s7 1.3 7 3-3.1 3-7 3-7-1.3-7-3Zm0 0v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3',
  model: 'M12 3l8 4.5v9L12 21l-8-4.5v-9L12 3Zm0 9l8-4.5M12 12v9M12 12L4 7.5',
  destination: 'M4 12h13m-5-6l6 6-6 6',
  agent: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm-8 16c1-4 4-6 8-6s7 2 8 6',
  action: 'M13 3L5 14h6l-1 7 8-11h-6l1-7Z',
  beyond: 'M6 12h.01M12 12h.01M18 12h.01',
}
