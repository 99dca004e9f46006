/**
 * What the calls of well-known services mean. An operator names the preset; the routes of the configuration go before it.
 *
 * @module
 */
import { RouteConfig } from './config.ts'

const cel = (expression: string) => ({ cel: expression })

/** Nothing of the site's own data is read or written: what is said of it is the model. */
const onModel = (
  verb: 'model.deploy' | 'infra.change' | 'http.call',
  effect: 'deploy' | 'delete' | 'write',
  does: string,
) =>
  RouteConfig.parse({
    verb,
    effect,
    resources: [{ kind: 'model', name: cel('body.name') }],
    sentence: cel(`"${does} " + body.name + (has(body.version) ? ", version " + string(body.version) : "")`),
    reads: [],
    writes: [],
    model: cel('body.name'),
  })

const looking = (name: string) =>
  RouteConfig.parse({ verb: 'http.call', effect: 'read', resources: [{ kind: 'route', name }], reads: [], writes: [] })

/** https://mlflow.org/docs/latest/rest-api.html: what puts a model version into service is a deployment. */
const mlflow: Readonly<Record<string, RouteConfig>> = {
  'GET /api/2.0/mlflow/registered-models/get': looking('mlflow/registered-models'),
  'GET /api/2.0/mlflow/registered-models/search': looking('mlflow/registered-models'),
  'GET /api/2.0/mlflow/model-versions/get': looking('mlflow/model-versions'),
  'GET /api/2.0/mlflow/model-versions/search': looking('mlflow/model-versions'),
  'POST /api/2.0/mlflow/registered-models/create': onModel('http.call', 'write', 'Register'),
  'POST /api/2.0/mlflow/model-versions/create': onModel('http.call', 'write', 'Add a version of'),
  'POST /api/2.0/mlflow/registered-models/alias': onModel('model.deploy', 'deploy', 'Point an alias at'),
  'POST /api/2.0/mlflow/model-versions/transition-stage': RouteConfig.parse({
    ...onModel('model.deploy', 'deploy', 'Move'),
    sentence: cel('"Move " + body.name + ", version " + string(body.version) + ", to " + body.stage'),
  }),
  'DELETE /api/2.0/mlflow/registered-models/delete': onModel('infra.change', 'delete', 'Delete'),
  'DELETE /api/2.0/mlflow/model-versions/delete': onModel('infra.change', 'delete', 'Delete'),
}

/** https://platform.openai.com/docs/api-reference/fine-tuning, and those who speak it. */
const fineTuning: Readonly<Record<string, RouteConfig>> = {
  'GET /v1/fine_tuning/jobs': looking('fine-tuning/jobs'),
  'GET /v1/fine_tuning/jobs/{job}': looking('fine-tuning/jobs'),
  'POST /v1/fine_tuning/jobs': RouteConfig.parse({
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
  }),
  'POST /v1/fine_tuning/jobs/{job}/cancel': RouteConfig.parse({
    verb: 'http.call',
    effect: 'write',
    resources: [{ kind: 'route', name: 'fine-tuning/jobs' }],
    sentence: cel('"Cancel the fine-tuning job " + params.job'),
    reads: [],
    writes: [],
  }),
}

export const presets = { mlflow, 'fine-tuning': fineTuning } as const
