/* Observations in text, made by hand in each format. */
#include "support/made_text.h"

#include "core/internal.h"

int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, int32_t second)
{
    const int32_t civil[6] = {year, month, day, hour, minute, second};
    int64_t time_ns;
    assert_true(nwc__time_from_civil(civil, &time_ns));
    return time_ns;
}

const char made_wyoming[] = "<HTML>\n<H2>72357 OUN Norman Observations at 00Z 04 May 1999</H2>\n<PRE>\n"
                            "-----------------------------------------------------------------------------\n"
                            "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT   THTA   THTE   THTV\n"
                            "    hPa     m      C      C      %    g/kg    deg   knot     K      K      K \n"
                            "-----------------------------------------------------------------------------\n"
                            " 1000.0     -7                                                               \n"
                            "  959.0    345   22.2   19.0     82  14.64    160     18  298.9  341.8  301.5\r\n"
                            "  931.3    610   20.2   17.5     84  13.66      0      0  299.4  339.5  301.9\n"
                            "</PRE><H3>Station information and sounding indices</H3><PRE>\n"
                            "                         Station identifier: OUN\n"
                            "                             Station number: 72357\n"
                            "                           Observation time: 990504/0000\n"
                            "                           Station latitude: 35.18\n"
                            "                          Station longitude: -97.44\n"
                            "                          Station elevation: 345.0\n"
                            "</PRE>\n"
                            "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SPED\n"
                            "    hPa     m      C      C      %    g/kg    deg   m/s\n"
                            "----------------------------------------------------------\n"
                            "  850.0   1457  -10.1                         270   20.5\n";

const char made_bufkit[] =
    "\r\nSNPARM = PRES;TMPC;DWPC;DRCT;SKNT;OMEG;HGHT\r\nSTNPRM = SHOW;LIFT\r\n\r\n"
    "STID = OUN STNM = 723570 TIME = 181219/0400\r\nSLAT = 35.23 SLON = -97.47 SELV = 350\r\nSTIM = 0\r\n\r\n"
    "SHOW = 11.69 LIFT = 10.38\r\n\r\nPRES TMPC DWPC DRCT SKNT\r\nOMEG HGHT\r\n"
    "971.60 7.14 4.78 147.26 6.47\r\n-0.10 358.46\r\n968.70 9.24 -9999.00 154.31 10.00 0.20\r\n383.16\r\n\r\n"
    "STID = OUN STNM = 723570 TIME = 181219/0500\r\nSLAT = 35.23 SLON = -97.47 SELV = 350\r\nSTIM = 1\r\n\r\n"
    "SHOW = 1.0 LIFT = 2.0\r\n\r\nPRES TMPC DWPC DRCT SKNT\r\nOMEG HGHT\r\n"
    "970.00 7.00 4.00 90.00 5.00\r\n-0.10 360.00\r\n\r\n"
    "STN YYMMDD/HHMM PMSL PRES P01M\r\nUWND T2MS\r\n"
    "723570 181219/0400 1014.50 972.60 -9999.00\r\n-1.40 6.44\r\n723570 181219/0500 1014.30 972.20 0.25\r\n-1.40 "
    "5.44\r\n";

const char made_metar[] = "SAUS44 KWBC 110000\r\n"
                          "METAR KHSV 110053Z 17014G22KT 140V200 1 1/2SM R36/2400FT +TSRA BR FEW010 BKN040CB OVC100 "
                          "24/M01 A2986 RMK AO2 PK WND 17028/0031\n"
                          "     SLP106 P0034 60085 70000 T02441011 $=\n"
                          "SPECI EDDF 312350Z AUTO VRB02MPS CAVOK 05/// Q1013 TEMPO 24010KT 0800 FG\n"
                          "TAF KHSV 110000Z 1100/1206 18010KT P6SM BKN030\n"
                          "KMDQ 110100Z COR 00000KT M1/4SM FZFG VV002 M05/M05 A3010 RMK SLP995\n"
                          "ZSNJ 110200Z 090P49MPS 9999 -SHRA NSC //// Q0998=\n";

const char made_profiler[] =
    "WNDROBS 01.20\r\n58259 120.98000 32.08000 0005.30 LC 20260601061200\r\nROBS\r\n"
    "00150 225.0 005.2 -000.3 100 080 1.25e-15\r\n00270 ///// ///// 0001.5 /// 060 ////////\r\nNNNN\r\n"
    "WNDOOBS 01.20\r\n58259 120.98000 32.08000 0005.30 LC 20260601060000\r\nOOBS\r\n"
    "00150 000.0 000.0 000000 090 090 ////////\r\nNNNN\r\n";

const char made_lma[] =
    "Lightning Mapping Array analyzed data\nData start time: 12/24/23 00:57:12\nLocation: WestTexas\n"
    "Coordinate center (lat,lon,alt): 33.6069680 -101.8226250 984.00\nNumber of events: 3\n*** data ***\n"
    " 3432.011722667  32.00713175 -102.22428503   5424.65   1.57   2.0 0x6d4\n"
    "garbage\n"
    " 3432.506501661  31.76975416 -102.30764224  16636.85   1.23  -4.1 0x7ff\n";

const char made_uspln[] = "USPLN-LIGHTNING,2006-10-23T18:00:00,2006-10-23T18:00:00\n"
                          "2006-10-23T17:59:39,18.415434,-93.480526,-26.8,1\n2006-10-23T17:59:40,95.0,-71.2,-31.7,1\n"
                          "2006-10-23T17:59:44,9.3568365,-76.8001513,,1\n";

const char made_nldn[] =
    "12/24/23 00:57:01.123456789  33.582 -101.881  +12.0 kA  0 0.4  0.2  1.8   75  0.8  4 C\n"
    "12/24/23 00:57:31.5  33.590 -102.032  -9.0 kA  0 0.2  0.2  1.0    3  1.0  5 G\n12/24/23 00:57 x\n"
    "12/24/23 00:58:00.0  33.590 -102.032  -7.0 kA\n";

const char made_csv[] = "#DEBUG: a comment\nstation,valid,lon,lat,tmpf,sknt,gust,p01i,mslp,wxcodes\n"
                        "HSV,2008-04-11 00:53,-86.7751,34.6371,75.92,14.00,M,T,1010.60,RA\n"
                        "HSV,2008-04-11 01:53,-86.7751,34.6371,M,16.00,22.00,0.10,null,M\nHSV,yesterday,,,,,,,,\n";
