export { lineageFollower } from './lineage/lineage.ts'
export { OpenLineageConfig, openLineageFollower, type OpenLineageParts, postTo } from './openlineage/openlineage.ts'
export { searchFollower, searchFollowerName } from './search/search.ts'
