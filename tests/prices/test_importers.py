"""Price lists of others: what is taken of them, and what is said of wrong ones."""

import json
import re
from pathlib import Path
from typing import get_type_hints

import price_lists as lists
import pytest

from simulator.cli.prices import import_
from simulator.core.component import components
from simulator.core.errors import InputFileError, UserError
from simulator.prices.importers.base import Importer
from simulator.prices.importing import PACKAGE, import_book
from simulator.prices.loading import load_book

DATA = Path(__file__).parents[3] / "shared" / "data" / "prices"
AWS = """\
price_date,region,instance_type,on_demand_usd_per_hour,spot_est_usd_per_hour,watt_idle,watt_100
2026-07-20,us-east-1,a1.large,0.051,0.02,2.4,8.5
2026-07-20,us-east-1,a1.xlarge,0.102,,,
"""
AZURE = """\
price_date,region,vm_size,on_demand_usd_per_hour
2026-06-18,eastus,Basic_A0,0.018
2026-06-18,eastus,Basic_A1,0.0
2026-06-18,westeurope,Basic_A0,0.02
"""
SKYPILOT = """\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,AvailabilityZone,GpuInfo
g4dn.xlarge,T4,1,4,16,0.526,0.21,us-east-1,us-east-1a,"{'Gpus': [{'Name': 'T4'}]}"
g4dn.xlarge,T4,1,4,16,0.526,0.19,us-east-1,us-east-1b,"{'Gpus': [{'Name': 'T4'}]}"
g4dn.xlarge,T4,1,4,16,0.61,0.3,eu-west-1,eu-west-1a,"{'Gpus': [{'Name': 'T4'}]}"
m7g.large,,,2,8,0.0816,,us-east-1,us-east-1a,
,A100,1,,,2.9,1.5,us-east-1,us-east-1a,
"""
LITELLM = """\
{
  "sample_spec": {"input_cost_per_token": "what a token costs"},
  "gpt-x": {
    "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
    "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06
  },
  "azure/claude-y": {"input_cost_per_token": 3e-06, "cache_creation_input_token_cost": 3.75e-06},
  "whisper": {"input_cost_per_second": 0.0001}
}
"""


def imported(
    kind: str, text: str, folder: Path, region: str | None = None, name: str | None = None
) -> dict[str, float]:
    (folder / "list.csv").write_text(text, encoding="utf-8")
    import_book(kind, folder / "list.csv", folder / "book.yaml", region, name)
    return {price.meter: price.mean_usd_per_unit(1) for price in load_book(folder / "book.yaml").prices}


LISTS = {
    "aws-cur": (lists.CUR, None),
    "aws-instances": (AWS, None),
    "aws-offers": (lists.OFFERS, None),
    "azure": (AZURE, "eastus"),
    "azure-retail": (lists.AZURE_RETAIL, "eastus"),
    "focus": (lists.FOCUS, None),
    "gcp-skus": (lists.GCP, "us-central1"),
    "genai-prices": (lists.GENAI, None),
    "litellm": (LITELLM, None),
    "skypilot": (SKYPILOT, "us-east-1"),
    "vantage": (lists.VANTAGE, "us-east-1"),
}
"""An example of every kind of list, and the region that is wanted of it; a new kind needs one here."""


def test_every_importer_has_an_example_here_and_stands_in_the_commands_help() -> None:
    kinds = components(Importer, PACKAGE)
    assert set(LISTS) == set(kinds)
    (argument,) = get_type_hints(import_, include_extras=True)["kind"].__metadata__
    assert set(re.findall(r"[a-z-]{4,}", argument.help)) == set(kinds)


@pytest.mark.parametrize("kind", LISTS)
def test_every_importer_states_where_each_price_was_read_and_when(kind: str, tmp_path: Path) -> None:
    text, region = LISTS[kind]
    assert imported(kind, text, tmp_path, region)
    book = load_book(tmp_path / "book.yaml")
    assert all(price.source and price.date for price in book.prices)
    assert len({price.meter for price in book.prices}) == len(book.prices)


@pytest.mark.parametrize("kind", LISTS)
def test_every_importer_refuses_what_is_no_such_list_and_writes_nothing(kind: str, tmp_path: Path) -> None:
    with pytest.raises((InputFileError, UserError), match=r"list\.csv"):
        imported(kind, "nothing,of\nthe,kind\n", tmp_path)
    assert not (tmp_path / "book.yaml").exists()


def test_aws_instances_bring_on_demand_and_spot_prices_and_watts(tmp_path: Path) -> None:
    assert imported("aws-instances", AWS, tmp_path) == {
        "instance/a1.large/on_demand": 0.051,
        "instance/a1.xlarge/on_demand": 0.102,
        "instance/a1.large/spot": 0.02,
    }
    book = load_book(tmp_path / "book.yaml")
    assert {price.date for price in book.prices} == {"2026-07-20"}
    assert book.price_of("instance/a1.large/spot").source == "estimates of spot prices of list.csv"
    assert book.energy is not None
    assert [each.full_w for each in book.energy.watts[0].instances] == [8.5]


def test_azure_needs_a_region_and_leaves_out_what_is_not_sold(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"2 regions \(eastus, westeurope\); choose one with --region"):
        imported("azure", AZURE, tmp_path)
    with pytest.raises(UserError, match=r"no prices of region 'eastu'; did you mean 'eastus'\?"):
        imported("azure", AZURE, tmp_path, "eastu")
    assert imported("azure", AZURE, tmp_path, "eastus", "mine") == {"instance/Basic_A0/on_demand": 0.018}
    assert load_book(tmp_path / "book.yaml").name == "mine"


def test_skypilots_spot_price_is_the_lowest_of_the_zones(tmp_path: Path) -> None:
    assert imported("skypilot", SKYPILOT, tmp_path, "us-east-1") == {
        "instance/g4dn.xlarge/on_demand": 0.526,
        "instance/m7g.large/on_demand": 0.0816,
        "instance/g4dn.xlarge/spot": 0.19,
    }


def test_token_prices_get_a_meter_for_each_kind_that_a_model_has(tmp_path: Path) -> None:
    assert imported("litellm", LITELLM, tmp_path) == {
        "llm/gpt-x/input": 2.5e-06,
        "llm/gpt-x/output": 1e-05,
        "llm/gpt-x/cached_input": 1.25e-06,
        "llm/gpt-x/batch_input": 1.25e-06,
        "llm/gpt-x/batch_output": 5e-06,
        "llm/azure/claude-y/input": 3e-06,
        "llm/azure/claude-y/cache_write": 3.75e-06,
    }


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (
            "aws-instances",
            AWS.replace("0.051", "cheap").replace("0.102", "-1").replace("8.5", "1")
            + "2026-07-20,us-east-1,a1.large,0.051,0.02,2.4,8.5\n2026-07-20,us-east-1,,1,,,\n",
            [
                "line 2: on_demand_usd_per_hour: 'cheap' is no price; it must be a number of USD, at least 0",
                "line 3: on_demand_usd_per_hour: '-1' is no price; it must be a number of USD, at least 0",
                "line 4: 'a1.large' appears a second time; the first is on line 2",
                "line 5: instance_type: is empty",
                "line 2: watt_100: 1 W at full load is less than 2.4 W idle",
            ],
        ),
        (
            "aws-instances",
            AWS.replace("2.4", "hot"),
            ["line 2: watt_idle: 'hot' is not what a machine draws; it must be a number of watts, at least 0"],
        ),
        ("azure", AZURE.replace("vm_size", "size"), ["line 1: there is no column 'vm_size'; did you mean 'size'?"]),
        ("azure", AZURE + "x,y\n", ["line 5: must have 4 cells, as the first line has"]),
        ("skypilot", "", ["line 1: there is no column 'InstanceType'", "'Price'", "'Region'"]),
        (
            "litellm",
            LITELLM.replace("3e-06,", '"dear",').replace("0.0001}", '0.0001},\n"bad": 3'),
            ["line 7: azure/claude-y.input_cost_per_token: 'dear' is no price", "line 9: bad: must be a model's name"],
        ),
        ("litellm", "{", ["line 1: not JSON"]),
        ("litellm", "[1]", ["must be an object with an entry per model, not a list"]),
    ],
)
def test_all_that_is_wrong_with_a_list_is_told_at_once_and_nothing_is_written(
    kind: str, text: str, said: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputFileError) as caught:
        imported(kind, text, tmp_path)
    for each in said:
        assert each in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_wrong_list_leaves_the_book_that_was_there(tmp_path: Path) -> None:
    imported("aws-instances", AWS, tmp_path)
    before = (tmp_path / "book.yaml").read_bytes()
    with pytest.raises(InputFileError):
        imported("aws-instances", AWS.replace("0.102", "x"), tmp_path)
    assert (tmp_path / "book.yaml").read_bytes() == before


def test_an_unknown_kind_and_a_wrong_suffix_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no kind of price list 'azur'; did you mean 'azure'\?"):
        imported("azur", AZURE, tmp_path)
    with pytest.raises(UserError, match=r"must end in \.yaml"):
        import_book("azure", tmp_path / "list.csv", tmp_path / "book.json")


@pytest.mark.parametrize(
    ("kind", "name", "region", "at_least"),
    [
        ("aws-instances", "aws_us_east_1_instances.csv", None, 2_000),
        ("azure", "azure_ondemand_2regions.csv", "westeurope", 1_600),
        ("litellm", "llm_model_prices.json", None, 3_000),
    ],
)
def test_the_real_lists_can_be_read(kind: str, name: str, region: str | None, at_least: int, tmp_path: Path) -> None:
    if not (DATA / name).is_file():
        pytest.skip(f"the reference data {name} is not beside this project")
    found = import_book(kind, DATA / name, tmp_path / "book.yaml", region)
    assert len(found.book.prices) > at_least
    assert load_book(tmp_path / "book.yaml") == found.book


def test_a_key_twice_is_refused_with_both_lines_at_any_depth(tmp_path: Path) -> None:
    text = '{"m": {"input_cost_per_token": 1e-06,\n "input_cost_per_token": 9e-06},\n "m": {}}'
    with pytest.raises(InputFileError) as caught:
        imported("litellm", text, tmp_path)
    assert "line 2: m.input_cost_per_token: appears a second time; the first is on line 1" in str(caught.value)
    assert "line 3: m: appears a second time; the first is on line 1" in str(caught.value)


def test_a_price_of_0_beside_one_that_is_not_understood_is_refused_by_name(tmp_path: Path) -> None:
    zeros = '"input_cost_per_token": 0, "output_cost_per_token": 0'
    free = f'{{"m": {{{zeros}, "input_cost_per_page": 1}}, "n": {{"input_cost_per_token": 1e-6}}}}'
    assert imported("litellm", free, tmp_path) == {"llm/n/input": 1e-06}
    with pytest.raises(UserError, match="input_cost_per_page"):
        load_book(tmp_path / "book.yaml").price_of("llm/m/input")


def test_prices_of_long_prompts_hold_above_so_many_thousands(tmp_path: Path) -> None:
    hour = '"cache_creation_input_token_cost_above_1hr'
    text = f'{{"m": {{{hour}": 2e-6, {hour}_above_200k_tokens": 4e-6}}}}'
    imported("litellm", text, tmp_path)
    price = load_book(tmp_path / "book.yaml").price_of("llm/m/cache_write_1h")
    assert (price.usd_in_class(200), price.usd_in_class(201)) == (2e-6, 4e-6)


def test_the_faster_and_the_slower_tier_are_models_of_their_own_with_the_others_prices_where_they_have_none(
    tmp_path: Path,
) -> None:
    prices = {
        "input_cost_per_token": 2e-6,
        "input_cost_per_token_flex": 1e-6,
        "input_cost_per_token_above_200k_tokens": 4e-6,
        "input_cost_per_token_priority_above_200k_tokens": 9e-6,
        "input_cost_per_token_priority": 5e-6,
        "output_cost_per_token": 8e-6,
        "output_cost_per_token_batches": 4e-6,
        "cache_read_input_token_cost_flex": 1e-7,
    }
    found = imported("litellm", json.dumps({"m": prices, "n": {"cache_read_input_token_cost_flex": 1e-7}}), tmp_path)
    assert found == {
        "llm/m/input": 2e-6,
        "llm/m/output": 8e-6,
        "llm/m/batch_output": 4e-6,
        "llm/m:flex/input": 1e-6,
        "llm/m:flex/output": 8e-6,
        "llm/m:flex/cached_input": 1e-7,
        "llm/m:priority/input": 5e-6,
        "llm/m:priority/output": 8e-6,
    }
    book = load_book(tmp_path / "book.yaml")
    assert [book.price_of(f"llm/m{tier}/input").usd_in_class(201) for tier in ("", ":flex", ":priority")] == [
        4e-6,
        4e-6,
        9e-6,
    ]
    assert "as without a tier" in book.price_of("llm/m:flex/output").source


def test_a_wrong_price_of_a_tier_is_told_by_its_own_key(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"line 2: m\.input_cost_per_token_flex"):
        imported("litellm", '{"m": {"input_cost_per_token": 1,\n"input_cost_per_token_flex": "x"}}', tmp_path)


def test_a_machine_of_google_costs_its_accelerator_too_or_is_left_out(tmp_path: Path) -> None:
    text = (
        "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone\n"
        "a2-highgpu-1g,,,0.5,,r,z\n,A100,1.0,3.0,,r,z\na3-highgpu-8g,,,9,,r,z\nn1-standard-8,,,0.4,,r,z\n"
    )
    assert imported("skypilot", text, tmp_path) == {
        "instance/a2-highgpu-1g/on_demand": 3.5,
        "instance/n1-standard-8/on_demand": 0.4,
    }
