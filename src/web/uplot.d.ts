/** What scripts/after-build.mjs puts beside the page's own modules. */
import uPlot = require('uplot');

export default uPlot;
