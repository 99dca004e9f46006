import { phone } from '../chromium.ts'
import { everyPage } from './crawled.ts'

everyPage([
  ['cleo', 'on a phone, dark', { viewport: phone, colorScheme: 'dark' }],
  ['eve', 'on a phone, light', { viewport: phone, colorScheme: 'light' }],
])
