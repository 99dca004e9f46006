export { openlineage } from './openlineage/openlineage.ts'
export { search } from './search/search.ts'
