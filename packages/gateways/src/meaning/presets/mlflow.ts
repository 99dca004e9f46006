import { cel, type Preset } from './preset.ts'

/** Nothing of the site's own data is read or written: what is said of it is the model. */
const onModel = (
  verb: 'model.deploy' | 'infra.change' | 'http.call',
  effect: 'deploy' | 'delete' | 'write',
  does: string,
) => ({
  verb,
  effect,
  resources: [{ kind: 'model' as const, name: cel('body.name') }],
  sentence: cel(`"${does} " + body.name + (has(body.version) ? ", version " + string(body.version) : "")`),
  reads: [],
  writes: [],
  model: cel('body.name'),
})

const looking = (name: string) => ({
  verb: 'http.call' as const,
  effect: 'read' as const,
  resources: [{ kind: 'route' as const, name }],
  reads: [],
  writes: [],
})

/** https://mlflow.org/docs/latest/rest-api.html: what puts a model version into service is a deployment. */
export const mlflow = {
  'GET /api/2.0/mlflow/registered-models/get': looking('mlflow/registered-models'),
  'GET /api/2.0/mlflow/registered-models/search': looking('mlflow/registered-models'),
  'GET /api/2.0/mlflow/model-versions/get': looking('mlflow/model-versions'),
  'GET /api/2.0/mlflow/model-versions/search': looking('mlflow/model-versions'),
  'POST /api/2.0/mlflow/registered-models/create': onModel('http.call', 'write', 'Register'),
  'POST /api/2.0/mlflow/model-versions/create': onModel('http.call', 'write', 'Add a version of'),
  'POST /api/2.0/mlflow/registered-models/alias': onModel('model.deploy', 'deploy', 'Point an alias at'),
  'POST /api/2.0/mlflow/model-versions/transition-stage': {
    ...onModel('model.deploy', 'deploy', 'Move'),
    sentence: cel('"Move " + body.name + ", version " + string(body.version) + ", to " + body.stage'),
  },
  'DELETE /api/2.0/mlflow/registered-models/delete': onModel('infra.change', 'delete', 'Delete'),
  'DELETE /api/2.0/mlflow/model-versions/delete': onModel('infra.change', 'delete', 'Delete'),
} satisfies Preset
