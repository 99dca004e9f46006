export { lineageFollower } from './lineage/lineage.ts'
export {
  OpenLineageConfig,
  openLineageFollower,
  type OpenLineageParts,
  type Post,
  postTo,
} from './openlineage/openlineage.ts'
