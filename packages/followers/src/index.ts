export { lineageFollower } from './lineage/lineage.ts'
export { OpenLineageConfig } from './openlineage/config.ts'
export { openLineageFollower, type OpenLineageParts, postTo } from './openlineage/openlineage.ts'
export { searchFollower, searchFollowerName } from './search/search.ts'
