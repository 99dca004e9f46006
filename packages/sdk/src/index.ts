export { type CallOptions, type Countersign, type CountersignOptions, createCountersign, type Held } from './client.ts'
