/* The two models that the report compares, as its tables and legends call them. */

const THIS_MODEL = "This model";
const CHAMPION = "Champion";

/** Of both models where there are two, for a legend. */
function modelLegend(mark, hasChampion) {
  const own = [mark, "challenger", THIS_MODEL];
  return hasChampion ? [own, [mark, "champion", CHAMPION]] : [own];
}
