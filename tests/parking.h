/*
 * The columns of the sample data that parking writes, and their values: what
 * is in New York's file, with about the same shares.  Change nothing here:
 * other bytes make old measurements and expected results worthless.
 */
#ifndef PARKING_H
#define PARKING_H

static const char parking_header[] =
    "Summons Number,Plate ID,Registration State,Plate Type,Issue Date,"
    "Violation Code,Vehicle Body Type,Vehicle Make,Issuing Agency,"
    "Street Code1,Street Code2,Street Code3,Vehicle Expiration Date,"
    "Violation Location,Violation Precinct,Issuer Precinct,Issuer Code,"
    "Issuer Command,Issuer Squad,Violation Time,Time First Observed,"
    "Violation County,Violation In Front Of Or Opposite,House Number,"
    "Street Name,Intersecting Street,Date First Observed,Law Section,"
    "Sub Division,Violation Legal Code,Days Parking In Effect    ,"
    "From Hours In Effect,To Hours In Effect,Vehicle Color,"
    "Unregistered Vehicle?,Vehicle Year,Meter Number,Feet From Curb,"
    "Violation Post Code,Violation Description,"
    "No Standing or Stopping Violation,Hydrant Violation,"
    "Double Parking Violation";

#define MARKS "<>!"

/* Which pieces a record has, in this order. */
enum piece_kind {
	PLATE, /* in two pieces, for a million of them */
	PLATE_REST,
	STATE,
	ISSUE_DATE,
	VEHICLE, /* and, in the same variant, DESCRIPTION */
	STREET_CODES,
	EXPIRATION,
	PRECINCTS,
	ISSUER,
	TIME,
	HOUSE,
	STREET,
	CROSSING,
	LAW,
	COLOR,
	POST,
	DESCRIPTION,
	PIECES,
	/* These take the place of another piece here and there. */
	STREET_QUOTED = PIECES,
	CROSSING_QUOTED,
	DESCRIPTION_QUOTED,
	STREET_ODD,
	/* And these are all there is of a record of -f. */
	INTEGER,
	DECIMALS,
	DECIMALS_REST,
	KINDS
};

/*
 * The values of a field, "value weight|value weight"; a ; in a value begins
 * the next field.  Filled in at random: # a digit, + a digit but 0, @ a
 * letter, ^ a month, % a day, ~ an hour, $ a minute.  Fields of one lane draw
 * the same place of their lists in the same variant of their pieces.  Marks in
 * front of a list: > the field goes on in the next piece, < it began in the
 * one before, ! quotes in it are left alone.
 */
struct values {
	unsigned piece, lane;
	const char *list;
};

/* clang-format off */
static const struct values values[] = {
	{PLATE, 1, ">@@@ 800|T6 40|#@ 60|@@ 50|### 50"},
	{PLATE_REST, 2, "<#### 850|##@ 60|##@@ 60|###@@ 30"},
	{STATE, 3,
	    "NY 680|NJ 90|PA 30|FL 17|CT 16|MA 10|IN 10|VA 10|MD 9|NC 8|"
	    "TX 6|IL 5|GA 5|99 5|AZ 4|OH 4|CA 4|ME 4|SC 3"},
	{STATE, 4,
	    "PAS 730|COM 180|OMT 40|OMS 12|SRF 10|APP 6|IRP 6|MOT 4|999 4|"
	    "OMR 4|LMB 2|TRC 1|MED 1"},
	{ISSUE_DATE, 5,
	    "2017-^-%T00:00:00.000 520|2018-^-%T00:00:00.000 430|"
	    "2017-06-14T00:00:00.000 10|2017-12-31T00:00:00.000 4|"
	    "2016-^-%T00:00:00.000 20|2019-^-%T00:00:00.000 2"},
	{VEHICLE, 6,
	    "21 150|36 140|38 130|14 90|37 70|20 65|46 60|71 55|7 50|40 50|"
	    "19 30|70 30|69 25|16 25|31 15|47 15"},
	{VEHICLE, 7,
	    "SUBN 340|4DSD 280|VAN 140|DELV 70|SDN 45|2DSD 30|PICK 28|"
	    "REFG 8|TRLR 6|UTIL 6|TRAC 6|MCY 5|TAXI 4|BUS 3| 9"},
	{VEHICLE, 8,
	    "FORD 125|TOYOT 110|HONDA 105|NISSA 90|CHEVR 70|FRUEH 42|"
	    "ME/BE 40|BMW 38|DODGE 36|JEEP 34|HYUND 30|GMC 27|LEXUS 25|"
	    "ACURA 20|INTER 18|CHRYS 16|VOLKS 16|INFIN 16|AUDI 14|SUBAR 13|"
	    "ISUZU 11|KIA 10|MAZDA 9|LINCO 8|MITSU 7|CADIL 7|ROVER 6|"
	    "HINO 6|VOLVO 5|WORKH 4|PETER 3| 7"},
	{VEHICLE, 9, "T 480|V 260|P 180|S 45|X 10|K 8|O 4|1 3|N 3|H 2|C 1|3 1"},
	{STREET_CODES, 10,
	    "0;0;0 400|+###0;+###0;+###0 420|+####;+##30;+##10 280|"
	    "+##;+###0;0 40"},
	{EXPIRATION, 11,
	    "2018^%.0 260|2019^%.0 240|2017^%.0 60|2020^%.0 40|"
	    "20180630.0 30|20180930.0 15|20191231.0 15|0.0 110|"
	    "88888888.0 150|88880088.0 50| 30"},
	{PRECINCTS, 12,
	    "19;19;19 48|14;14;14 40|1;1;1 38|18;18;18 35|114;114;114 32|"
	    "13;13;13 28|1+;1+;1+ 60|4+;4+;4+ 60|7#;7#;7# 70|"
	    "10+;10+;10+ 60|11#;11#;11# 40|6+;6+;401 60|12+;12+;977 40|"
	    ";0;0 380|2+;2+;0 30"},
	{ISSUER, 13,
	    "35#### 460|36#### 120|0 420|9##### 110|16#### 30|5##### 20"},
	{ISSUER, 14,
	    "T10+ 180|T30+ 100|T20+ 60|T40+ 60|0+# 60|10+ 60|0++ 100|"
	    "QW0+ 20|BX02 10| 265"},
	{ISSUER, 15, "F 50|A1 40|0000 190|@ 190|M 30|@+ 45| 300"},
	{TIME, 16, "~$A 520|~$P 478| 2"},
	{TIME, 17, "~$A 25|~$P 20| 955"},
	{TIME, 18, "NY 340|K 200|Q 170|BK 60|QN 50|BX 110|R 9|ST 8| 8"},
	{TIME, 19, "F 620|O 120|I 20|R 2| 238"},
	{HOUSE, 20,
	    "+ 20|+# 120|+## 300|+### 190|+#-## 50|1##-## 50|N 12|S 10| 248"},
	{STREET, 21,
	    "BROADWAY 30|3RD AVE 24|5TH AVE 20|MADISON AVE 18|"
	    "LEXINGTON AVE 16|2ND AVE 16|1ST AVE 14|QUEENS BLVD 12|"
	    "AMSTERDAM AVE 12|JAMAICA AVE 10|8TH AVE 10|7TH AVE 9|"
	    "E +#TH ST 70|W +#TH ST 80|+#TH ST 60|+#TH AVE 40|"
	    "Grand Concourse 10|Flatbush Ave 10|Nostrand Ave 8|"
	    "Bedford Ave 8|Steinway St 6|Roosevelt Ave 8|Northern Blvd 8|"
	    "St Nicholas Ave 8|Fulton St 7|Atlantic Ave 6|"
	    "WB 63RD RD AT QUEENS BLVD 8|NB OCEAN PKWY AT AVE P 20|"
	    "SB WOODHAVEN BLVD AT 89TH 20|EB HORACE HARDING EXPWY 25| 2"},
	{CROSSING, 22,
	    "BROADWAY 6|5TH AVE 5|+#FT E/OF 2ND AVE 20|"
	    "+##FT N/OF W +#TH ST 25|E +#TH ST 30|+#TH AVE 25|"
	    "C/O W +#TH ST 15|ATLANTIC AVE 6|@@@@@@ ST 20| 880"},
	{LAW, 23, "0 960|2017^% 25|2018^% 15"},
	{LAW, 24, "408 745|1180 255"},
	{LAW, 25,
	    "D1 110|C 70|F1 90|E2 60|D 100|B 240|h1 90|k4 60|i4 40|j6 30|"
	    "C4 40|l1 25| 5"},
	{LAW, 26, "T 250| 750"},
	{LAW, 27,
	    "Y 90|YYYYYYY 60|YYYYYBB 40|BBBBBBB 220|BYBBYBB 20|YYYYY 30|"
	    " 900"},
	{LAW, 28,
	    "ALL;ALL 90|0800A;0600P 60|0830A;0700P 50|0700A;0700P 50|"
	    "0900A;1030A 25|1130A;0100P 25|; 1400"},
	{COLOR, 29,
	    "WH 170|GY 150|BK 130|WHITE 90|BLACK 65|GREY 60|BL 50|SILVE 35|"
	    "BLUE 30|RD 30|RED 25|BROWN 20|GR 12|GN 10|TN 10|YW 9|OTHER 8|"
	    "GOLD 6| 90"},
	{COLOR, 30, "0 140| 860"},
	{COLOR, 31, "0 220|201+ 420|200+ 240|2000 20|199+ 30|198+ 2"},
	{COLOR, 32, "- 120|+##-+### 60| 820"},
	{COLOR, 33, "0 960|+ 40"},
	{POST, 34,
	    "+# 60|0+ 110|++ ++ 200|C  @ 90|CC+ 60|J  @ 40|@ ++ 40| 400"},
	{DESCRIPTION, 6,
	    "21-No Parking (street clean) 150|"
	    "PHTO SCHOOL ZN SPEED VIOLATION 140|"
	    "38-Failure to Display Muni Rec 130|14-No Standing 90|"
	    "37-Expired Muni Meter 70|20A-No Parking (Non-COM) 65|"
	    "46A-Double Parking (Non-COM) 60|71A-Insp Sticker Expired 55|"
	    "FAILURE TO STOP AT RED LIGHT 50|40-Fire Hydrant 50|"
	    "19-No Stand (bus stop) 30|70A-Reg. Sticker Expired 30|"
	    "69-Failure to Disp Muni Recpt 25|"
	    "16A-No Std (Com Veh) Non-COM 25|"
	    "31-No Stand (Com. Mtr. Zone) 15|47-Double PKG-Midtown 15"},
	{DESCRIPTION, 35, ";; 1"},
	{STREET_QUOTED, 36,
	    "E +#TH ST, APT +@ 3|BROADWAY, NORTH SIDE 3|"
	    "W +#TH ST \"PLAZA\" 2|5TH AVE, \"MUSEUM MILE\" 2"},
	{CROSSING_QUOTED, 37,
	    "+#FT E/OF 2ND AVE, REAR 3|CORNER \"@\" ST, +#TH AVE 2"},
	{DESCRIPTION_QUOTED, 38,
	    "46-Double Parking, \"@\" zone 2|BUS LANE VIOLATION, +TH AVE 2|"
	    "No \"Muni\" Meter 1"},
	{DESCRIPTION_QUOTED, 35, ";; 1"},
	{STREET_ODD, 39, "!5\" PIPE ALLEY 1|THE 2\"x4\" LANE 1"},
	{INTEGER, 40, ">+##. 400|+#. 200|#. 100|-+##. 200|-+. 100"},
	{DECIMALS, 41, "<>### 1"},
	{DECIMALS_REST, 42, "<###+ 1"},
};
/* clang-format on */

#endif
