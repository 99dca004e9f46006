import { desk } from '../chromium.ts'
import { everyPage } from './crawled.ts'

everyPage([
  ['ana', 'on a desk, light', { viewport: desk, colorScheme: 'light' }],
  ['ben', 'on a desk, dark', { viewport: desk, colorScheme: 'dark' }],
  ['cleo', 'on a desk, light', { viewport: desk, colorScheme: 'light' }],
])
