"""Where edges are, as CloudFront's price page groups them, and which stack has edges there."""

from __future__ import annotations

# By group, the least PriceClass of infra/ota.yaml that has its edges (CloudFront Developer Guide,
# "Choosing the price class for a CloudFront distribution"). Of EU's, those in Tuerkiye are in
# PriceClass_200 (AWS CDK, PriceClass).
PRICE_CLASSES = {
    "US": "PriceClass_100",
    "EU": "PriceClass_100",
    "ZA": "PriceClass_200",
    "SA": "PriceClass_All",
    "JP": "PriceClass_200",
    "AU": "PriceClass_All",
    "ASIA": "PriceClass_200",
    "IN": "PriceClass_200",
}
REGIONS = tuple(PRICE_CLASSES)
# Where an Origin Shield can be, and has a price (Developer Guide, "Choosing the AWS Region for
# Origin Shield", which sends buckets in Africa to EU, and those in the Middle East to IN).
SHIELD_REGIONS = tuple(region for region in REGIONS if region != "ZA")
