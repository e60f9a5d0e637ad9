/*
 * test_suggest.c - which column of a supplier's file is what
 *
 * Headings as suppliers write them in four languages, values without headings, and which
 * column wins where several could be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "pm_suggest.h"
#include "tap.h"

#define COLUMNS_MAX 24

/* A text without its end. */
static PmText
text(const char *str)
{
	return (PmText){str, strlen(str)};
}

/* The target that a heading alone speaks for most; "" none. */
static const char *
heading(const char *str)
{
	float scores[PM_SUGGEST_COUNT];
	int best = 0;

	pm_heading_read(text(str), scores);
	for (int i = 1; i < PM_SUGGEST_COUNT; i++)
	{
		if (scores[i] > scores[best])
			best = i;
	}
	return scores[best] > 0 ? pm_suggest_name((PmSuggestTarget) best) : "";
}

/*
 * What becomes of columns: each a heading and values, with bars between; the targets,
 * with blanks between, - for none.
 */
static const char *
chosen(int count, const char *const columns[])
{
	static char out[512];
	static float scores[COLUMNS_MAX][PM_SUGGEST_COUNT];
	PmSuggestion suggestions[COLUMNS_MAX];

	for (int i = 0; i < count; i++)
	{
		PmSuggestColumn column = {0};
		const char *at = strchr(columns[i], '|');
		PmText name = {columns[i], (size_t) (at - columns[i])};

		while (at != NULL)
		{
			const char *value = at + 1;

			at = strchr(value, '|');
			pm_suggest_see(&column, (PmText){value, at == NULL ? strlen(value)
			                                                   : (size_t) (at - value)});
		}
		pm_suggest_score(&column, name, scores[i]);
	}
	pm_suggest_choose(count, (const float(*)[PM_SUGGEST_COUNT]) scores, suggestions);
	out[0] = '\0';
	for (int i = 0; i < count; i++)
	{
		strcat(out, i > 0 ? " " : "");
		strcat(out, suggestions[i].target == PM_SUGGEST_COUNT
		                ? "-"
		                : pm_suggest_name(suggestions[i].target));
	}
	return out;
}

#define CHOSEN(...)                                                             \
	chosen((int) (sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), \
	       (const char *const[]){__VA_ARGS__})

/* Headings of each language. */
static void
test_headings(void)
{
	static const char *const all[][5] = {
	    {"gtin",	               "EAN-13",                   "Code barre",            "Strichcode",          "Código de barras"},
	    {"supplier_sku",           "Item No.",                 "Réf. fournisseur",     "Art.-Nr.",
	     "Referencia proveedor"	                                                                                               },
	    {"manufacturer_reference", "Manufacturer Part Number", "Référence fabricant",
	     "Hersteller-Nr.",	                                                                                 "Ref. fabricante"  },
	    {"title",	              "Product Name",             "Désignation",          "Artikelbezeichnung",
	     "Nombre del producto"	                                                                                                },
	    {"short_description",      "short_description",        "Description courte",    "Kurzbeschreibung",
	     "Descripción corta"	                                                                                                 },
	    {"description",            "Description",              "Descriptif",            "Beschreibung",        "Descripción"     },
	    {"long_description",       "Long description",         "Description longue",    "Langtext",
	     "Descripción larga"	                                                                                                 },
	    {"brand",	              "Brand",                    "Marque",                "Hersteller",          "Marca"            },
	    {"category",               "Product Category",         "Catégorie",            "Warengruppe",         "Categoría"       },
	    {"weight",                 "Net weight (kg)",          "Poids en grammes",      "Gewicht [g]",         "Peso (kg)"        },
	    {"width",	              "Width (cm)",               "Largeur",               "Breite",              "Anchura"          },
	    {"height",                 "height_mm",                "Hauteur",               "Höhe",               "Altura"           },
	    {"depth",	              "Depth",                    "Profondeur",            "Länge",              "Profundidad"      },
	    {"cost",	               "Cost price",               "Prix d'achat HT",       "EK-Preis (netto)",    "Precio de compra" },
	    {"price",	              "unitPrice",                "Prix de vente TTC",     "Verkaufspreis €",   "PVP"              },
	    {"compare_at_amount",      "Old price",                "Prix barré",           "Streichpreis",        "Precio anterior"  },
	    {"currency",               "Currency",                 "Devise",                "Währung",            "Moneda"           },
	    {"stock",	              "Qty available",            "Quantité en stock",    "Lagerbestand",        "Existencias"      },
	    {"lead_time_days",         "Lead time (days)",         "Délai de livraison",   "Lieferzeit",
	     "Plazo de entrega"	                                                                                                   },
	    {"min_quantity",           "MOQ",                      "Qté min.",             "Mindestbestellmenge", "Cantidad mínima" },
	    {"images",                 "Image URL",                "Photo 1",               "Bild-Link",           "Imágenes"        },
	    {"tags",	               "Keywords",                 "Mots-clés",            "Schlagworte",         "Palabras clave"   },
	    {"is_active",              "Active",                   "Actif",                 "aktiv",               "Activo"           },
	};
	float scores[PM_SUGGEST_COUNT];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		for (int j = 1; j < 5; j++)
			is_str(heading(all[i][j]), all[i][0], all[i][j]);
	}
	is_str(heading("N° article"), "supplier_sku", "N°");
	is_str(heading("codeBarre"), "gtin", "words of a name of a program");
	is_str(heading("DE\xCC\x81SIGNATION"), "title", "an accent by itself");
	is_str(heading("Prix d'achat net remisé"), "cost", "a part: the longest says most");
	is_str(heading("Nom du fournisseur"), "", "what only looks like a title");
	is_str(heading("Stock minimum"), "", "what only looks like a stock");
	is_str(heading("Unnamed: 7"), "", "nothing known");
	is_str(heading("HT"), "", "a word that says nothing, alone");
	pm_heading_read(text("Width (inches)"), scores);
	is_int(scores[PM_SUGGEST_WIDTH] > 0.9f, 1, "a unit says nothing");
	is_str(heading(""), "", "nothing");
	is_str(heading("\xFF\xC3"), "", "no text");
	is_str(heading("日本語"), "", "another script");
}

/* What headings and values say together. */
static void
test_columns(void)
{
	is_str(CHOSEN("Réf|A-1|B-2", "Code EAN|4006381333931|4006381333948",
	              "Libellé|Stylo bleu|Stylo", "Marque|Stabilo|Bic", "PA HT|1,20|3,40",
	              "PV TTC|2,50|4,90", "Qté|5|0"),
	       "supplier_sku gtin title brand cost price stock", "a French list");
	is_str(CHOSEN("SKU|1|2", "Name|Pen|Ink", "RRP|9.90|1.00", "Price|5.00|0.50"),
	       "supplier_sku title compare_at_amount price",
	       "a recommended price beside the price");
	is_str(CHOSEN("Prix client|2,00|3,00", "Prix|5,00|4,00"), "- price",
	       "the better heading wins");
	is_str(CHOSEN("Preis|auf Anfrage|auf Anfrage"), "-", "a price that is never a number");
	is_str(CHOSEN("Bestand|ja|nein"), "-", "a stock that is never a number");
	is_str(CHOSEN("Stock|5|>100|3"), "stock", "some values may be wrong");
	is_str(CHOSEN("Price|5.00|4.00|n/a"), "price", "prices, too");
	is_str(CHOSEN("Image|front|back"), "-", "an image without an address");
	is_str(CHOSEN("EAN|4.00638E+12|4.00638E+12"), "gtin",
	       "codes that a spreadsheet spoilt");
	is_str(CHOSEN("EAN|", "Name|"), "gtin title", "columns without values");
	is_str(CHOSEN("Titre|12|13"), "-", "a title that is a number");
	is_str(CHOSEN("Référence|4006381333931|4006381333948"), "gtin",
	       "references that are GTINs, if no other column has them");
	is_str(
	    CHOSEN("EAN|4006381333931|4006381333948", "Référence|4006381333931|4006381333948"),
	    "gtin supplier_sku", "and not if one has");
	is_str(CHOSEN("Poids|1,2 kg|500 g"), "weight", "weights with units");
}

/* What values say alone. */
static void
test_values(void)
{
	is_str(CHOSEN("|4006381333931|4006381333948", "|Blue pen|Red ink pen", "|0,70|1,20",
	              "|12|5", "|EUR|EUR", "|https://x.example/a.jpg|https://x.example/b.png"),
	       "gtin title price - currency images", "a file without a header");
	is_str(CHOSEN("|4 006381 333931|\"4006381333948\"|n/a|4006381333955|4006381333962"),
	       "gtin", "GTINs as people write them");
	is_str(CHOSEN("|1|2|3"), "-", "whole numbers may be anything");
	is_str(CHOSEN("|$5|€7|5 zł"), "price", "amounts with a currency");
	is_str(CHOSEN("|https://x.example/a|https://x.example/b"), "-", "pages are no images");
	is_str(CHOSEN("|4006381333930|4006381333941|12345"), "-",
	       "codes with wrong check digits");
	is_str(CHOSEN("|"), "-", "nothing");
}

/* What is counted of values. */
static void
test_seen(void)
{
	PmSuggestColumn column = {0};
	char *longest = malloc(100000);

	memset(longest, '9', 100000);
	pm_suggest_see(&column, text("1.234,50 €"));
	pm_suggest_see(&column, text("12,5"));
	pm_suggest_see(&column, text("12.5"));
	pm_suggest_see(&column, text("1.234"));
	pm_suggest_see(&column, text(" 7 "));
	pm_suggest_see(&column, text("7 kg"));
	pm_suggest_see(&column, text("<p>x</p>"));
	pm_suggest_see(&column, text("  "));
	pm_suggest_see(&column, (PmText){"", 0});
	pm_suggest_see(&column, (PmText){longest, 100000});
	is_int(column.filled, 8, "filled");
	is_int(column.numbers, 6, "numbers");
	is_int(column.commas, 2, "decimal commas");
	is_int(column.points, 1, "decimal points");
	is_int(column.cents, 1, "amounts of cents");
	is_int(column.money, 1, "currencies");
	is_int(column.quantities, 7, "quantities");
	is_int(column.marked_up, 1, "HTML");
	free(longest);
}

int
main(void)
{
	test_headings();
	test_columns();
	test_values();
	test_seen();
	return tap_done();
}
