export { createEgress, type Egress } from './egress.ts'
export { fetchThrough } from './fetch.ts'
export { foreseeOrigin } from './foresee.ts'
export { createWayOut } from './way-out.ts'
