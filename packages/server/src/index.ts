export { Config } from './config/config.ts'
export { foresee } from './config/foresee.ts'
export { type Preparation, prepare } from './config/prepare.ts'
export {
  asRead,
  parseConfig,
  readConfig,
  type ReadConfig,
  type Sections,
  type Surroundings,
} from './config/read-config.ts'
export { registryOf } from './config/registry.ts'
export { enrolAgent } from './agents/enrol.ts'
export { type House, openHouse, placesOf, sections } from './house.ts'
export { type HouseKeys, loadKeys } from './data/keys.ts'
export type { NodeMount } from './http/listener.ts'
export { createLog } from './log.ts'
export { openStore, type StartedHouse, startHouse, type StartParts } from './start.ts'
export { findSocket } from './data/socket.ts'
export { serveStdio } from '@countersign/gateways'
export type { ConfigProblem } from './config/yaml.ts'
export type { Standing } from './operator/standing.ts'
