/*
 * pm_heading.c - what the heading of a column says, in four languages
 *
 * A heading is taken apart into words as people see them ("Prix d'achat HT", "codeBarre",
 * "unit_price"), folded; units, taxes, currencies, numbers and articles are left out.  Then
 * it is looked for in a list of phrases: as a whole, or a phrase as some of its words, of
 * which the longest says most.  Words are compared as if written together, so that
 * "Code barre" is "codebarre".
 */
#include <stdint.h>
#include <string.h>

#include "pm_char.h"
#include "pm_fold.h"
#include "pm_suggest.h"
#include "pm_utf8.h"

#define BYTES_MAX    200 /* of a heading that are looked at, folded */
#define WORDS_MAX    24
#define SCORE_WHOLE  0.95f
#define SCORE_PART   0.45f /* and up to SCORE_SHARE more, by the part of the heading */
#define SCORE_SHARE  0.4f
#define PHRASE_LEAST 3 /* letters of a phrase that may be a part */

#define NO_TARGET PM_SUGGEST_COUNT /* phrases that look like a target and are none */

/* Phrases of a target, folded, their words written together, with bars between. */
typedef struct Phrases
{
	PmSuggestTarget target;
	const char *list;
} Phrases;

static const Phrases phrases[] = {
    {PM_SUGGEST_GTIN,
     "ean|gtin|ean13|ean8|gtin13|gtin14|upc|upca|eanupc|jan|isbn|barcode|barcodes|eancode|"
     "codeean|codebarre|codebarres|codesbarres|codeabarres|gencod|gencode|strichcode|"
     "barcodenummer|eannummer|gtinnummer|eannr|artikelean|codigobarras|codbarras|"
     "codigosbarras|codigoean|globaltradeitemnumber"                                        },
    {PM_SUGGEST_ASIN,                   "asin|codeasin|amazonasin"                          },
    {PM_SUGGEST_SKU,                    "oursku|ourreference|skuinterne|notrereference|refinterne|"
                     "referenceinterne|internenummer|eigeneartikelnummer|skuinterno|"
                     "referenciainterna|nuestrareferencia"              },
    {PM_SUGGEST_SUPPLIER_SKU,
     "sku|suppliersku|supplierreference|supplierref|supplierpartnumber|suppliercode|"
     "vendorcode|vendorsku|itemno|itemnumber|itemcode|itemid|articleno|articlenumber|"
     "articlecode|productcode|productid|productnumber|ref|reference|references|"
     "referencefournisseur|reffournisseur|codearticle|refarticle|referencearticle|"
     "numeroarticle|noarticle|codeproduit|refproduit|referenceproduit|artikelnummer|"
     "artikelnr|artnr|artikelcode|lieferantenartikelnummer|lieferantennummer|bestellnummer|"
     "bestellnr|bestnr|produktnummer|referencia|refproveedor|referenciaproveedor|"
     "codigoarticulo|codarticulo|codigoproducto|skuproveedor|numeroarticulo|codigo"         },
    {PM_SUGGEST_MANUFACTURER_REFERENCE,
     "mpn|manufacturerpartnumber|manufacturerreference|manufacturerref|manufacturercode|"
     "manufacturersku|mfrpartnumber|partnumber|partno|reffabricant|referencefabricant|"
     "refconstructeur|referenceconstructeur|codefabricant|herstellernummer|herstellernr|"
     "herstellerartikelnummer|herstellerteilenummer|teilenummer|referenciafabricante|"
     "reffabricante|codigofabricante|numeropieza"                                           },
    {PM_SUGGEST_TITLE,
     "title|name|productname|producttitle|itemname|articlename|product|designation|"
     "designationarticle|designationproduit|libelle|libellearticle|libelleproduit|nom|"
     "nomproduit|nomarticle|intitule|titre|produit|article|bezeichnung|artikelbezeichnung|"
     "produktbezeichnung|produktname|artikelname|produkt|artikel|titel|nombre|"
     "nombreproducto|nombrearticulo|titulo|denominacion|producto|articulo"                  },
    {PM_SUGGEST_SHORT_DESCRIPTION,
     "shortdescription|shortdesc|shorttext|descriptioncourte|resume|kurzbeschreibung|"
     "kurztext|kurzbezeichnung|descripcioncorta|descripcionbreve"                           },
    {PM_SUGGEST_DESCRIPTION,
     "description|desc|productdescription|itemdescription|descriptif|descriptionproduit|"
     "beschreibung|artikelbeschreibung|produktbeschreibung|descripcion|"
     "descripcionproducto|descripcionarticulo"                                              },
    {PM_SUGGEST_LONG_DESCRIPTION,
     "longdescription|longdesc|longtext|fulldescription|descriptionlongue|"
     "descriptioncomplete|langbeschreibung|langtext|descripcionlarga|descripcioncompleta"   },
    {PM_SUGGEST_BRAND,
     "brand|brandname|manufacturer|manufacturername|make|marque|nommarque|"
     "fabricant|nomfabricant|marke|markenname|hersteller|"
     "herstellername|marca|nombremarca|fabricante"                                          },
    {PM_SUGGEST_CATEGORY,
     "category|categories|categoryname|categorypath|productcategory|productgroup|"
     "producttype|department|categorie|famille|sousfamille|rayon|typeproduit|kategorie|"
     "kategorien|produktkategorie|produktgruppe|warengruppe|artikelgruppe|categoria|"
     "categorias|familia|subfamilia|tipoproducto"                                           },
    {PM_SUGGEST_IS_ACTIVE,              "active|isactive|enabled|actif|aktiv|activo"        },
    {PM_SUGGEST_WEIGHT,                 "weight|netweight|grossweight|itemweight|productweight|poids|"
                        "poidsnet|poidsbrut|gewicht|nettogewicht|bruttogewicht|"
                        "artikelgewicht|peso|pesoneto|pesobruto"     },
    {PM_SUGGEST_WIDTH,                  "width|largeur|breite|ancho|anchura"                },
    {PM_SUGGEST_HEIGHT,                 "height|hauteur|hohe|hoehe|alto|altura"             },
    {PM_SUGGEST_DEPTH,                  "depth|length|profondeur|longueur|tiefe|lange|laenge|"
                       "profundidad|fondo|largo|longitud"             },
    {PM_SUGGEST_TAGS,                   "tags|tag|keywords|keyword|motscles|motcle|schlagworte|schlagwort|"
                      "stichworte|suchbegriffe|palabrasclave|etiquetas"},
    {PM_SUGGEST_COST,
     "cost|costprice|unitcost|purchaseprice|buyingprice|netprice|wholesaleprice|"
     "dealerprice|tradeprice|netcost|prixachat|prixdachat|paht|pa|prixnet|cout|"
     "prixrevient|prixgros|einkaufspreis|einkaufpreis|ek|ekpreis|eknetto|nettopreis|"
     "handlerpreis|haendlerpreis|hek|preciocompra|preciocoste|preciocosto|coste|costo|"
     "precioneto|preciomayorista|pvd"                                                       },
    {PM_SUGGEST_PRICE,
     "price|unitprice|saleprice|salesprice|sellingprice|retailprice|listprice|"
     "consumerprice|prix|prixvente|prixunitaire|prixpublic|pv|pvc|pvttc|pvp|"
     "pu|tarif|preis|verkaufspreis|vk|vkpreis|einzelpreis|stuckpreis|stueckpreis|"
     "ladenpreis|listenpreis|endpreis|precio|precioventa|preciounitario|preciopublico|"
     "tarifa|importe"                                                                       },
    {PM_SUGGEST_COMPARE_AT_AMOUNT,
     "compareat|compareatprice|compareprice|oldprice|wasprice|regularprice|"
     "recommendedprice|recommendedretailprice|rrp|msrp|srp|uvp|prixconseille|prixbarre|ancienprix|prixavant|"
     "streichpreis|alterpreis|stattpreis|unverbindlichepreisempfehlung|"
     "precioanterior|preciotachado|precioantes|preciorecomendado"                           },
    {PM_SUGGEST_CURRENCY,
     "currency|currencycode|devise|codedevise|monnaie|wahrung|waehrung|"
     "wahrungscode|moneda|codigomoneda|divisa"                                              },
    {PM_SUGGEST_STOCK,
     "stock|qty|quantity|quantityavailable|availablequantity|qtyavailable|stocklevel|"
     "stockquantity|stockqty|inventory|inventoryquantity|instock|available|availability|"
     "qte|quantite|qtestock|quantitestock|qtedispo|quantitedisponible|stockdisponible|"
     "stockdispo|dispo|disponibilite|disponible|lagerbestand|bestand|lagermenge|menge|"
     "lager|verfugbar|verfuegbar|verfugbaremenge|verfuegbaremenge|verfugbarkeit|"
     "existencias|cantidad|cantidaddisponible|inventario|unidades|disponibilidad"           },
    {PM_SUGGEST_LEAD_TIME_DAYS,
     "leadtime|leadtimedays|deliverytime|deliverydays|daystodelivery|delai|"
     "delailivraison|delaijours|delaiappro|lieferzeit|lieferzeittage|lieferfrist|"
     "lieferdauer|plazoentrega|plazo|diasentrega|tiempoentrega"                             },
    {PM_SUGGEST_MIN_QUANTITY,
     "moq|minqty|minimumqty|minquantity|minimumquantity|minorderqty|minimumorder|"
     "minorderquantity|minimumorderquantity|qtemin|qteminimum|quantitemin|"
     "quantiteminimum|quantiteminimale|minimumcommande|mindestmenge|"
     "mindestbestellmenge|mindestabnahme|mindestabnahmemenge|cantidadminima|"
     "pedidominimo"                                                                         },
    {PM_SUGGEST_IMAGES,
     "image|images|imageurl|imageurls|imagelink|urlimage|lienimage|mainimage|picture|"
     "pictures|pictureurl|photo|photos|photourl|urlphoto|visuel|visuels|bild|bilder|"
     "bildurl|bildlink|produktbild|artikelbild|imagen|imagenes|urlimagen|foto|fotos|"
     "urlfoto"                                                                              },
    {NO_TARGET,
     "supplier|suppliername|vendor|vendorname|fournisseur|nomfournisseur|lieferant|"
     "lieferantenname|proveedor|nombreproveedor|stockminimum|minstock|stockmini|"
     "mindestbestand|stockminimo|imagealt|alttext|imagename|nomimage|pricelist|priceunit|"
     "pricedate|datetarif|dateprix|prixkilo|prixlitre|grundpreis|codefamille|"
     "codecategorie|categorycode|categoryid|kategorieid|codigofamilia|qtycarton|"
     "quantitycarton|qtecarton|quantitecarton|prixecotaxe|unitquantity|unitweight"          },
};

/* Words that say nothing of what a column is. */
static const char noise[] =
    "|a|au|aux|d|da|das|de|del|den|der|des|die|du|el|en|et|for|fur|in|inkl|l|la|las|le|les|los|"
    "of|para|par|per|por|pour|the|und|von|y|your|"
    "ht|htva|hors|taxe|taxes|tax|taxed|ttc|tva|mwst|ust|vat|iva|igic|sin|con|inc|incl|excl|"
    "exc|excluding|including|ohne|zzgl|exkl|"
    "eur|euro|euros|usd|dollar|dollars|gbp|chf|pln|sek|dkk|"
    "kg|g|gr|gram|grams|grammes|gramm|gramos|lb|lbs|pounds|oz|ounces|mm|cm|m|ft|feet|inch|inches|"
    "pcs|pieces|stk|stuck|uds|jours|days|tage|dias|"
    "url|urls|link|links|lien|liens|";

static const char *const names[PM_SUGGEST_COUNT] = {
    [PM_SUGGEST_GTIN] = "gtin",
    [PM_SUGGEST_ASIN] = "asin",
    [PM_SUGGEST_SKU] = "sku",
    [PM_SUGGEST_SUPPLIER_SKU] = "supplier_sku",
    [PM_SUGGEST_MANUFACTURER_REFERENCE] = "manufacturer_reference",
    [PM_SUGGEST_TITLE] = "title",
    [PM_SUGGEST_SHORT_DESCRIPTION] = "short_description",
    [PM_SUGGEST_DESCRIPTION] = "description",
    [PM_SUGGEST_LONG_DESCRIPTION] = "long_description",
    [PM_SUGGEST_BRAND] = "brand",
    [PM_SUGGEST_CATEGORY] = "category",
    [PM_SUGGEST_IS_ACTIVE] = "is_active",
    [PM_SUGGEST_WEIGHT] = "weight",
    [PM_SUGGEST_WIDTH] = "width",
    [PM_SUGGEST_HEIGHT] = "height",
    [PM_SUGGEST_DEPTH] = "depth",
    [PM_SUGGEST_TAGS] = "tags",
    [PM_SUGGEST_COST] = "cost",
    [PM_SUGGEST_PRICE] = "price",
    [PM_SUGGEST_COMPARE_AT_AMOUNT] = "compare_at_amount",
    [PM_SUGGEST_CURRENCY] = "currency",
    [PM_SUGGEST_STOCK] = "stock",
    [PM_SUGGEST_LEAD_TIME_DAYS] = "lead_time_days",
    [PM_SUGGEST_MIN_QUANTITY] = "min_quantity",
    [PM_SUGGEST_IMAGES] = "images",
};

/* The words of a heading, written together. */
typedef struct Words
{
	char text[BYTES_MAX];
	size_t starts[WORDS_MAX + 1]; /* of each word; of the one after the last: the end */
	int count;
} Words;

/* The name of a target, as view pm_imports.targets has it. */
const char *
pm_suggest_name(PmSuggestTarget target)
{
	return names[target];
}

/* Is a word one of a list that has bars around each? */
static bool
is_noise(const char *word, size_t size)
{
	for (const char *at = noise; at[1] != '\0'; at = strchr(at + 1, '|'))
	{
		if (strncmp(at + 1, word, size) == 0 && at[1 + size] == '|')
			return true;
	}
	return false;
}

/* Is a word a number? */
static bool
is_number(const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		if (!pm_is_digit(word[i]))
			return false;
	}
	return true;
}

/* Ends a word that begins at the last of starts; all: also one that says nothing. */
static void
end_word(Words *words, size_t end, bool all)
{
	size_t start = words->starts[words->count];

	if (end == start)
		return;
	if (!all && (is_noise(words->text + start, end - start) ||
	             is_number(words->text + start, end - start)))
		return;
	words->starts[++words->count] = end;
}

/* Folds a character of a word; returns its bytes, 0 for one that stands between words. */
static size_t
fold_letter(uint32_t cp, char out[PM_FOLD_MAX])
{
	size_t size;

	if (cp == 0xB0) /* the degree sign of "N°" */
		cp = 'o';
	/* punctuation, signs of currencies, arrows and the like */
	if (cp == PM_UTF8_INVALID || cp == 0xD7 || cp == 0xF7 ||
	    (cp >= 0x2000 && cp < 0x2C00) || pm_utf8_is_space(cp) || pm_utf8_is_dash(cp))
		return 0;
	size = pm_fold_char(cp, out);
	return size > 0 && (pm_is_letter(out[0]) || pm_is_digit(out[0])) &&
	               (cp < 0x80 || cp >= 0xAA)
	           ? size
	           : 0;
}

/* Takes a heading apart; all: with words that say nothing. */
static void
take_apart(PmText heading, bool all, Words *words)
{
	size_t end = 0;
	bool was_lower = false;

	words->count = 0;
	words->starts[0] = 0;
	for (size_t i = 0; i < heading.size && words->count < WORDS_MAX;)
	{
		char letter[PM_FOLD_MAX];
		uint32_t cp;
		size_t size;

		i += pm_utf8_decode(heading.data + i, heading.size - i, &cp);
		if (cp >= 0x300 && cp < 0x370) /* an accent by itself */
			continue;
		size = fold_letter(cp, letter);
		if (size == 0 || (was_lower && cp >= 'A' && cp <= 'Z'))
		{
			end_word(words, end, all);
			end = words->starts[words->count];
		}
		if (end + size > BYTES_MAX)
			break;
		memcpy(words->text + end, letter, size);
		end += size;
		was_lower = cp >= 'a' && cp <= 'z';
	}
	if (words->count < WORDS_MAX)
		end_word(words, end, all);
}

/* How much of a heading a phrase is, as words that follow each other; 0: it is none. */
static float
phrase_score(const Words *words, const char *phrase, size_t size)
{
	size_t total = words->starts[words->count];

	for (int first = 0; first < words->count; first++)
	{
		for (int last = first; last < words->count; last++)
		{
			size_t start = words->starts[first];
			size_t length = words->starts[last + 1] - start;

			if (length != size || memcmp(words->text + start, phrase, size) != 0)
				continue;
			if (length == total)
				return SCORE_WHOLE;
			if (size >= PHRASE_LEAST)
				return SCORE_PART + SCORE_SHARE * (float) size / (float) total;
		}
	}
	return 0;
}

/* How much speaks for each target by the heading alone. */
void
pm_heading_read(PmText heading, float scores[PM_SUGGEST_COUNT])
{
	float other = 0;
	Words words;

	for (int i = 0; i < PM_SUGGEST_COUNT; i++)
		scores[i] = 0;
	take_apart(heading, false, &words);
	if (words.count == 0)
		take_apart(heading, true, &words);
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
	{
		float *score = phrases[i].target == NO_TARGET ? &other : &scores[phrases[i].target];

		for (const char *at = phrases[i].list; at != NULL;)
		{
			const char *bar = strchr(at, '|');
			size_t size = bar == NULL ? strlen(at) : (size_t) (bar - at);
			float found = phrase_score(&words, at, size);

			if (found > *score)
				*score = found;
			at = bar == NULL ? NULL : bar + 1;
		}
	}
	for (int i = 0; i < PM_SUGGEST_COUNT; i++)
	{
		if (scores[i] <= other)
			scores[i] = 0;
	}
}
