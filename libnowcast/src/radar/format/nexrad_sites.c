/*
 * Where the radars of NEXRAD stand, for files of before 2008, which do not say. Heights are those of the ground; the antenna is
 * some 10 to 35 m above it. Source: NOAA Historical Observing Metadata Repository, 2014 (public domain).
 */
#include "radar/format/nexrad.h"

#define SAME_PLACE_DEG 0.02 /* radars are moved by as much, and no two stand as near */

static const struct site {
    char name[5];
    float latitude_deg, longitude_deg;
    int16_t ground_ft;
} sites[] = {
    {"KABR", 45.45583F, -98.41306F, 1302},  {"KABX", 35.14972F, -106.82333F, 5870},
    {"KAKQ", 36.98389F, -77.0075F, 112},    {"KAMA", 35.23333F, -101.70889F, 3587},
    {"KAMX", 25.61056F, -80.41306F, 14},    {"KAPX", 44.90722F, -84.71972F, 1464},
    {"KARX", 43.82278F, -91.19111F, 1276},  {"KATX", 48.19472F, -122.49444F, 494},
    {"KBBX", 39.49611F, -121.63167F, 173},  {"KBGM", 42.19972F, -75.985F, 1606},
    {"KBHX", 40.49833F, -124.29194F, 2402}, {"KBIS", 46.77083F, -100.76028F, 1658},
    {"KBLX", 45.85389F, -108.60611F, 3598}, {"KBMX", 33.17194F, -86.76972F, 645},
    {"KBOX", 41.95583F, -71.1375F, 118},    {"KBRO", 25.91556F, -97.41861F, 23},
    {"KBUF", 42.94861F, -78.73694F, 693},   {"KBYX", 24.59694F, -81.70333F, 8},
    {"KCAE", 33.94861F, -81.11861F, 231},   {"KCBW", 46.03917F, -67.80694F, 746},
    {"KCBX", 43.49083F, -116.23444F, 3061}, {"KCCX", 40.92306F, -78.00389F, 2405},
    {"KCLE", 41.41306F, -81.86F, 763},      {"KCLX", 32.65556F, -81.04222F, 97},
    {"KCRI", 35.2383F, -97.4602F, 1201},    {"KCRP", 27.78389F, -97.51083F, 45},
    {"KCXX", 44.51111F, -73.16639F, 317},   {"KCYS", 41.15194F, -104.80611F, 6128},
    {"KDAX", 38.50111F, -121.67667F, 30},   {"KDDC", 37.76083F, -99.96833F, 2590},
    {"KDFX", 29.2725F, -100.28028F, 1131},  {"KDIX", 39.94694F, -74.41111F, 149},
    {"KDLH", 46.83694F, -92.20972F, 1428},  {"KDMX", 41.73111F, -93.72278F, 981},
    {"KDOX", 38.82556F, -75.44F, 50},       {"KDTX", 42.69972F, -83.47167F, 1072},
    {"KDVN", 41.61167F, -90.58083F, 754},   {"KDYX", 32.53833F, -99.25417F, 1517},
    {"KEAX", 38.81028F, -94.26417F, 995},   {"KEMX", 31.89361F, -110.63028F, 5202},
    {"KENX", 42.58639F, -74.06444F, 1826},  {"KEOX", 31.46028F, -85.45944F, 434},
    {"KEPZ", 31.87306F, -106.6975F, 4104},  {"KESX", 35.70111F, -114.89139F, 4867},
    {"KEVX", 30.56417F, -85.92139F, 140},   {"KEWX", 29.70361F, -98.02806F, 633},
    {"KEYX", 35.09778F, -117.56F, 2757},    {"KFCX", 37.02417F, -80.27417F, 2868},
    {"KFDR", 34.36222F, -98.97611F, 1267},  {"KFDX", 34.63528F, -103.62944F, 4650},
    {"KFFC", 33.36333F, -84.56583F, 858},   {"KFSD", 43.58778F, -96.72889F, 1430},
    {"KFTG", 39.78667F, -104.54528F, 5497}, {"KFWS", 32.57278F, -97.30278F, 683},
    {"KGGW", 48.20639F, -106.62417F, 2276}, {"KGJX", 39.06222F, -108.21306F, 9992},
    {"KGLD", 39.36694F, -101.7F, 3651},     {"KGRB", 44.49833F, -88.11111F, 682},
    {"KGRK", 30.72167F, -97.38278F, 538},   {"KGRR", 42.89389F, -85.54472F, 778},
    {"KGSP", 34.88306F, -82.22028F, 940},   {"KGWX", 33.89667F, -88.32889F, 476},
    {"KGYX", 43.89139F, -70.25694F, 409},   {"KHDX", 33.07639F, -106.12222F, 4222},
    {"KHGX", 29.47194F, -95.07889F, 18},    {"KHNX", 36.31417F, -119.63111F, 243},
    {"KHPX", 36.73667F, -87.285F, 576},     {"KHTX", 34.93056F, -86.08361F, 1760},
    {"KICT", 37.65444F, -97.4425F, 1335},   {"KICX", 37.59083F, -112.86222F, 10600},
    {"KILN", 39.42028F, -83.82167F, 1056},  {"KILX", 40.15056F, -89.33667F, 582},
    {"KIND", 39.7075F, -86.28028F, 790},    {"KINX", 36.175F, -95.56444F, 668},
    {"KIWA", 33.28917F, -111.66917F, 1353}, {"KIWX", 41.40861F, -85.7F, 960},
    {"KJAX", 30.48444F, -81.70194F, 33},    {"KJGX", 32.675F, -83.35111F, 521},
    {"KJKL", 37.59083F, -83.31306F, 1364},  {"KLBB", 33.65417F, -101.81361F, 3259},
    {"KLCH", 30.125F, -93.21583F, 13},      {"KLGX", 47.1158F, -124.1069F, 252},
    {"KLIX", 30.33667F, -89.82528F, 24},    {"KLNX", 41.95778F, -100.57583F, 2970},
    {"KLOT", 41.60444F, -88.08472F, 663},   {"KLRX", 40.73972F, -116.80278F, 6744},
    {"KLSX", 38.69889F, -90.68278F, 608},   {"KLTX", 33.98917F, -78.42917F, 64},
    {"KLVX", 37.97528F, -85.94389F, 719},   {"KLZK", 34.83639F, -92.26194F, 568},
    {"KMAF", 31.94333F, -102.18889F, 2868}, {"KMAX", 42.08111F, -122.71611F, 7513},
    {"KMBX", 48.3925F, -100.86444F, 1493},  {"KMHX", 34.77583F, -76.87639F, 31},
    {"KMKX", 42.96778F, -88.55056F, 958},   {"KMLB", 28.11306F, -80.65444F, 99},
    {"KMOB", 30.67944F, -88.23972F, 208},   {"KMPX", 44.84889F, -93.56528F, 946},
    {"KMQT", 46.53111F, -87.54833F, 1411},  {"KMRX", 36.16833F, -83.40194F, 1337},
    {"KMSX", 47.04111F, -113.98611F, 7855}, {"KMTX", 41.26278F, -112.44694F, 6460},
    {"KMUX", 37.15528F, -121.8975F, 3469},  {"KMVX", 47.52806F, -97.325F, 986},
    {"KMXX", 32.53667F, -85.78972F, 400},   {"KNKX", 32.91889F, -117.04194F, 955},
    {"KNQA", 35.34472F, -89.87333F, 282},   {"KOAX", 41.32028F, -96.36639F, 1148},
    {"KOHX", 36.24722F, -86.5625F, 579},    {"KOKX", 40.86556F, -72.86444F, 85},
    {"KOTX", 47.68056F, -117.62583F, 2384}, {"KPAH", 37.06833F, -88.77194F, 392},
    {"KPBZ", 40.53167F, -80.21833F, 1185},  {"KPDT", 45.69056F, -118.85278F, 1515},
    {"KPOE", 31.15528F, -92.97583F, 408},   {"KPUX", 38.45944F, -104.18139F, 5249},
    {"KRAX", 35.66528F, -78.49F, 348},      {"KRGX", 39.75417F, -119.46111F, 8299},
    {"KRIW", 43.06611F, -108.47667F, 5568}, {"KRLX", 38.31194F, -81.72389F, 1080},
    {"KSFX", 43.10583F, -112.68528F, 4474}, {"KSGF", 37.23528F, -93.40028F, 1278},
    {"KSHV", 32.45056F, -93.84111F, 273},   {"KSJT", 31.37111F, -100.49222F, 1890},
    {"KSOX", 33.81778F, -117.635F, 3027},   {"KTBW", 27.70528F, -82.40194F, 41},
    {"KTFX", 47.45972F, -111.38444F, 3714}, {"KTLH", 30.3975F, -84.32889F, 63},
    {"KTLX", 35.33306F, -97.2775F, 1213},   {"KTWX", 38.99694F, -96.2325F, 1367},
    {"KTYX", 43.75583F, -75.68F, 1846},     {"KUDX", 44.125F, -102.82944F, 3016},
    {"KUEX", 40.32083F, -98.44167F, 1976},  {"KVAX", 30.89F, -83.00194F, 178},
    {"KVBX", 34.83806F, -120.39583F, 1233}, {"KVNX", 36.74083F, -98.1275F, 1210},
    {"KVTX", 34.41167F, -119.17861F, 2726}, {"KYUX", 32.49528F, -114.65583F, 174},
    {"LPLA", 38.73028F, -27.32167F, 3334},  {"PABC", 60.79278F, -161.87417F, 162},
    {"PACG", 56.85278F, -135.52917F, 270},  {"PAEC", 64.51139F, -165.295F, 54},
    {"PAHG", 60.725914F, -151.35146F, 243}, {"PAIH", 59.46194F, -146.30111F, 67},
    {"PAKC", 58.67944F, -156.62944F, 63},   {"PAPD", 65.03556F, -147.49917F, 2593},
    {"PGUA", 13.45444F, 144.80833F, 264},   {"PHKI", 21.89417F, -159.55222F, 179},
    {"PHKM", 20.12556F, -155.77778F, 3812}, {"PHMO", 21.13278F, -157.18F, 1363},
    {"PHWA", 19.095F, -155.56889F, 1370},   {"RKJK", 35.92417F, 126.62222F, 78},
    {"RKSG", 36.95972F, 127.01833F, 52},    {"RODN", 26.30194F, 127.90972F, 218},
    {"TJUA", 18.1175F, -66.07861F, 2794},
};

bool nwc__nexrad_site(const char *name, double *latitude_deg, double *longitude_deg, double *ground_m)
{
    for (size_t s = 0; s < sizeof sites / sizeof sites[0]; s++) {
        if (strcmp(sites[s].name, name) != 0) continue;
        *latitude_deg = (double)sites[s].latitude_deg;
        *longitude_deg = (double)sites[s].longitude_deg;
        *ground_m = 0.3048 * sites[s].ground_ft;
        return true;
    }
    return false;
}

nwc_status nwc_radar_site(const char *name, double *latitude_deg, double *longitude_deg, double *ground_m)
{
    if (!name || !latitude_deg || !longitude_deg || !ground_m)
        return nwc__fail(NWC_ERR_ARG,
                         "name, latitude_deg, longitude_deg, ground_m: a name and places expected, NULL given");
    if (nwc__nexrad_site(name, latitude_deg, longitude_deg, ground_m)) return NWC_OK;
    return nwc__fail(NWC_ERR_NODATA, "name: a radar of NEXRAD such as KTLX expected, \"%s\" given", name);
}

const char *nwc__nexrad_site_at(double latitude_deg, double longitude_deg)
{
    for (size_t s = 0; s < sizeof sites / sizeof sites[0]; s++)
        if (fabs((double)sites[s].latitude_deg - latitude_deg) < SAME_PLACE_DEG &&
            fabs((double)sites[s].longitude_deg - longitude_deg) < SAME_PLACE_DEG)
            return sites[s].name;
    return NULL;
}
