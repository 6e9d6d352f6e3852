"""Short price lists and invoices, in the shapes that providers and others publish."""

import json
from typing import Any


def _product(sku: str, family: str, **attributes: str) -> dict[str, Any]:
    return {"sku": sku, "productFamily": family, "attributes": {"regionCode": "us-east-2", **attributes}}


def _offer(*steps: tuple[str, str, str], currency: str = "USD", **term: str) -> dict[str, Any]:
    dimensions = {
        str(number): {"beginRange": begin, "endRange": end, "pricePerUnit": {currency: usd}}
        for number, (begin, end, usd) in enumerate(steps)
    }
    return {"offer": {"priceDimensions": dimensions, "termAttributes": term}}


MACHINE = {"servicecode": "AmazonEC2", "instanceType": "m5.large", "operation": "RunInstances", "preInstalledSw": "NA"}
ORDINARY = {**MACHINE, "tenancy": "Shared", "capacitystatus": "Used", "marketoption": "OnDemand"}
OFFERS_DATA: dict[str, Any] = {
    "offerCode": "AmazonEC2",
    "publicationDate": "2026-11-20T00:00:00Z",
    "products": {
        "A": _product("A", "Compute Instance", usagetype="USE2-BoxUsage:m5.large", **ORDINARY),
        "B": _product(
            "B", "Compute Instance", usagetype="USE2-BoxUsage:m5.large", **{**ORDINARY, "preInstalledSw": "SQL"}
        ),
        "C": _product("C", "Storage", servicecode="AmazonDynamoDB", usagetype="USE2-TimedStorage-ByteHrs"),
        "D": _product("D", "Storage", servicecode="AmazonDynamoDB", usagetype="USE2-IA-TimedStorage-ByteHrs"),
        "E": _product("E", "Traffic", servicecode="AWSDataTransfer", usagetype="USE2-DataTransfer-Out-Bytes"),
        "F": _product("F", "Requests", servicecode="AmazonDynamoDB", usagetype="USE2-WriteRequestUnits"),
    },
    "terms": {
        "OnDemand": {
            "A": _offer(("0", "Inf", "0.096")),
            "B": _offer(("0", "Inf", "0.6")),
            "C": _offer(("0", "25", "0"), ("25", "Inf", "0.25")),
            "D": _offer(("0", "Inf", "0.1")),
            "E": _offer(("10240", "Inf", "0.085"), ("0", "10240", "0.09")),
            "F": _offer(("0", "Inf", "0.000000625")),
        },
        "Reserved": {
            "A": {
                **_offer(
                    ("0", "Inf", "0.06"),
                    LeaseContractLength="1yr",
                    OfferingClass="standard",
                    PurchaseOption="No Upfront",
                )
            }
        },
    },
}
OFFERS = json.dumps(OFFERS_DATA)


def _item(sku: str, price: float, **more: Any) -> dict[str, Any]:
    stated = {
        "currencyCode": "USD",
        "retailPrice": price,
        "armRegionName": "eastus",
        "serviceName": "Virtual Machines",
        "type": "Consumption",
        "unitOfMeasure": "1 Hour",
        "productName": "Virtual Machines DSv3 Series",
        "skuName": sku,
        "armSkuName": "Standard_D2s_v3",
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "tierMinimumUnits": 0.0,
    }
    return {**stated, **more}


AZURE_RETAIL = json.dumps(
    {
        "Items": [
            _item("D2s v3", 0.096),
            _item("D2s v3 Spot", 0.02),
            _item("D2s v3 Low Priority", 0.03),
            _item("D2s v3", 876.0, type="Reservation", reservationTerm="1 Year"),
            _item("D2s v3", 0.188, productName="Virtual Machines DSv3 Series Windows"),
            _item("D2s v3", 0.1, armRegionName="westeurope"),
            _item("D2s v3", 0.09, currencyCode="EUR"),
        ],
        "NextPageLink": "https://next",
    }
)


def _sku(
    description: str, usd: float, usage: str = "OnDemand", unit: str = "h", currency: str = "USD"
) -> dict[str, Any]:
    price = {"currencyCode": currency, "units": str(int(usd)), "nanos": round((usd - int(usd)) * 1e9)}
    expression = {"usageUnit": unit, "tieredRates": [{"startUsageAmount": 0, "unitPrice": price}]}
    return {
        "description": description,
        "category": {"resourceFamily": "Compute", "resourceGroup": "CPU", "usageType": usage},
        "serviceRegions": ["us-central1"],
        "pricingInfo": [{"pricingExpression": expression}],
    }


GCP = json.dumps(
    {
        "skus": [
            _sku("N2 Instance Core running in Americas", 0.031611),
            _sku("N2 Instance Ram running in Americas", 0.004237, unit="GiBy.h"),
            _sku("Spot Preemptible N2 Instance Core running in Americas", 0.007, "Preemptible"),
            _sku("Spot Preemptible N2 Instance Ram running in Americas", 0.001, "Preemptible", "GiBy.h"),
            _sku("G2 Instance Core running in Americas", 0.025),
            _sku("G2 Instance Ram running in Americas", 0.003, unit="GiBy.h"),
            _sku("Nvidia L4 GPU running in Americas", 0.56),
            _sku("N2 Custom Instance Core running in Americas", 0.033),
            _sku("N1 Predefined Instance Core running in Americas", 0.03, currency="EUR"),
        ]
    }
)
GENAI = json.dumps(
    [
        {
            "id": "openai",
            "name": "OpenAI",
            "models": [
                {
                    "id": "gpt-x",
                    "prices": {
                        "input_mtok": {"base": 1.25, "tiers": [{"start": 200_000, "price": 2.5}]},
                        "output_mtok": 10,
                        "cache_read_mtok": 0.125,
                        "input_audio_mtok": 40,
                        "requests_kcount": 5,
                    },
                },
                {"id": "whisper", "prices": {"input_mtok": 0, "input_audio_seconds": 0.006}},
                {
                    "id": "later",
                    "prices": [
                        {"prices": {"input_mtok": 3}},
                        {"constraint": {"start_date": "2025-01-01"}, "prices": {"input_mtok": 2}},
                        {"constraint": {"start_date": "2999-01-01"}, "prices": {"input_mtok": 1}},
                        {
                            "constraint": {"start_time": "01:00:00Z", "end_time": "02:00:00Z"},
                            "prices": {"input_mtok": 0.5},
                        },
                    ],
                },
            ],
        }
    ]
)
VANTAGE = json.dumps(
    [
        {
            "instance_type": "m5.large",
            "pricing": {
                "us-east-1": {
                    "linux": {
                        "ondemand": "0.096",
                        "spot_avg": "0.041",
                        "spot_min": "0.03",
                        "reserved": {"yrTerm1Standard.noUpfront": "0.06", "yrTerm1Standard.allUpfront": "0.05"},
                    },
                    "mswin": {"ondemand": "0.188"},
                },
                "eu-west-1": {"linux": {"ondemand": "0.107"}},
            },
        },
        {"instance_type": "mac1.metal", "pricing": {"us-east-1": {"linux": {"ondemand": "N/A"}}}},
    ]
)
_CUR_HEAD = (
    "line_item_product_code,line_item_usage_type,line_item_operation,product_region_code,line_item_currency_code,"
    "line_item_line_item_type,line_item_usage_start_date,line_item_usage_amount,line_item_unblended_cost,"
    "pricing_public_on_demand_cost,reservation_effective_cost,savings_plan_savings_plan_effective_cost\n"
)
CUR = (
    _CUR_HEAD + "AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances,us-east-1,USD,Usage,2026-10-01T00:00:00Z,10,4.208,5.26,,\n"
    "AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances,us-east-1,USD,DiscountedUsage,2026-10-02T00:00:00Z,30,0,15.78,9,\n"
    "AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances,us-east-1,USD,SavingsPlanCoveredUsage,2026-10-31T00:00:00Z,60,25.248,31.56,,15\n"
    "AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances:0002,us-east-1,USD,Usage,2026-10-01T00:00:00Z,5,9,9,,\n"
    "AmazonDynamoDB,TimedStorage-ByteHrs,StandardStorage,us-east-1,USD,Usage,2026-10-01T00:00:00Z,100,18.75,18.75,,\n"
    ",,,,USD,Tax,2026-10-01T00:00:00Z,1,7,0,,\n"
)


def _machine(machine: str, system: str) -> str:
    return f'"{{""InstanceType"": ""{machine}"", ""OperatingSystem"": ""{system}""}}"'


FOCUS_OF_ANYBODY = (
    "BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,RegionId,ServiceName,SkuMeter,SkuPriceDetails,"
    "PricingCategory,PricingUnit,PricingQuantity,ContractedCost,EffectiveCost,ListCost\n"
    + "".join(
        f"USD,Usage,,2026-10-01T00:00:00Z,eastus,Virtual Machines,{meter},{details},{category},{unit},{count},{cost},"
        f"{cost},{cost}\n"
        for meter, details, category, unit, count, cost in (
            ("D4s v5", _machine("Standard_D4s_v5", "Linux"), "Standard", "Hours", 100, 19.2),
            ("D4s v5 Spot", _machine("Standard_D4s_v5", "linux"), "Dynamic", "100 Hours", 2, 8),
            ("D4s v5", _machine("Standard_D4s_v5", "Windows"), "Standard", "Hours", 5, 99),
            ("D4s v5", _machine("Standard_D4s_v5", "Linux"), "Committed", "Hours", 5, 98),
            ("E4", _machine("e4-highmem", ""), "Standard", "Hours", 5, 97),
            ("Hot LRS", '"{""StorageClass"": ""Hot""}"', "Standard", "GB-Months", 5, 96),
        )
    )
)
FOCUS = (
    "BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,RegionId,PricingQuantity,ContractedCost,EffectiveCost,"
    "ListCost,x_ServiceCode,x_UsageType,x_Operation\n"
    "USD,Usage,,2026-10-01T00:00:00Z,us-east-1,100,42.08,30,52.6,AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances\n"
    "USD,Usage,,2026-10-02T00:00:00Z,us-east-1,1000000,0.5,0.5,0.625,AmazonDynamoDB,WriteRequestUnits,PayPerRequestThroughput\n"
    "USD,Usage,Correction,2026-10-02T00:00:00Z,us-east-1,5,99,99,99,AmazonEC2,BoxUsage:g4dn.xlarge,RunInstances\n"
    "USD,Tax,,2026-10-02T00:00:00Z,us-east-1,,3,3,3,AmazonEC2,,\n"
)
