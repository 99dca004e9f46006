import { cel, type Preset } from './preset.ts'

const jobs = { kind: 'route' as const, name: 'fine-tuning/jobs' }
const looking = { verb: 'http.call' as const, effect: 'read' as const, resources: [jobs], reads: [], writes: [] }

/** https://platform.openai.com/docs/api-reference/fine-tuning, and those who speak it. */
export const fineTuning = {
  'GET /v1/fine_tuning/jobs': looking,
  'GET /v1/fine_tuning/jobs/{job}': looking,
  'POST /v1/fine_tuning/jobs': {
    verb: 'model.train',
    effect: 'write',
    resources: [
      { kind: 'model', name: cel('body.model') },
      { kind: 'dataset', name: cel('body.training_file') },
    ],
    sentence: cel('"Fine-tune " + body.model + " on " + body.training_file'),
    reads: [{ name: cel('body.training_file') }],
    writes: [],
    model: cel('body.model'),
  },
  'POST /v1/fine_tuning/jobs/{job}/cancel': {
    verb: 'http.call',
    effect: 'write',
    resources: [jobs],
    sentence: cel('"Cancel the fine-tuning job " + params.job'),
    reads: [],
    writes: [],
  },
} satisfies Preset
