/**
 * What well-known services mean. An operator has to name the preset, since a service cannot claim it by its routes or its
 * tools' names; what the configuration itself says goes before it.
 *
 * @module
 */
import { filesystem } from './filesystem.ts'
import { fineTuning } from './fine-tuning.ts'
import { mlflow } from './mlflow.ts'

/** By what tells their calls apart. A gateway reads them by its own schema, as if an operator had written them. */
export const presets = {
  routes: { mlflow, 'fine-tuning': fineTuning },
  tools: { filesystem },
} as const

/** The names of one kind, for the configuration to choose from. */
export const presetNames = <Kind extends keyof typeof presets>(kind: Kind) =>
  Object.keys(presets[kind]) as (keyof (typeof presets)[Kind] & string)[]
