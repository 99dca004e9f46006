export { createEgress, type Egress } from './egress.ts'
export { foreseeOrigin } from './foresee.ts'
export { createWayOut } from './way-out.ts'
