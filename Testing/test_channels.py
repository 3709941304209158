"""Images of several channels: read together, segmented, trained on, and told of where one is missing."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from typer.testing import CliRunner

from mednca.errors import MedNCAError, NothingFound
from mednca.imaging.geometry import CanonicalImage
from mednca.imaging.metrics import dice
from mednca.imaging.reading import case_name, group_channels, read_image, read_labels
from mednca.models.description import Label, parse_model_json
from mednca.models.library import Library
from mednca.segment import segment_image
from mednca_train import cli
from mednca_train.data.artifacts import degrade, noise
from mednca_train.data.augmentation import training_sample
from mednca_train.data.case_reader import CaseReader, check_cases
from mednca_train.data.examine import fingerprint
from mednca_train.data.layouts import find_dataset
from mednca_train.plan.finetuning import finetuning_plan
from mednca_train.plan.plan import Augmentation
from mednca_train.plan.propose import propose
from phantoms import bright_model, difference_model, ellipsoid, image_of, save
from training_phantoms import RAS, plan

SHAPE = (24, 26, 22)


def organ(seed):
    """(first channel, second channel, labels) (R, A, S): both show two bodies, and only together which is the organ."""
    random = np.random.default_rng(seed)
    here, there = random.permutation([8, 16])
    mask = ellipsoid(SHAPE, (here, 13, 11), (4, 6, 5))
    other = ellipsoid(SHAPE, (there, 13, 11), (4, 6, 5))
    first = 1000 * other + random.normal(0, 40, SHAPE)
    second = 3 * (mask | other) + random.normal(0, 0.1, SHAPE)
    return first, second, mask


def write(folder, count=6, channels=2, missing=()):
    """A data set as nnU-Net has it."""
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    for number in range(count):
        *images, mask = organ(number)
        sitk.WriteImage(image_of(mask, direction=RAS), str(folder / "labelsTr" / f"case_{number}.nii.gz"))
        for channel, image in enumerate(images[:channels]):
            if (number, channel) not in missing:
                path = folder / "imagesTr" / f"case_{number}_{channel:04}.nii.gz"
                sitk.WriteImage(image_of(image, direction=RAS), str(path))
    names = {"0": "T2", "1": "ADC"}
    described = {"channel_names": names, "labels": {"background": 0, "organ": 1}}
    (folder / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write(tmp_path_factory.mktemp("channels") / "data")


@pytest.mark.parametrize("orientation", ["RAS", "LPI", "ASR"])
def test_a_model_sees_all_channels(data, orientation):
    paths = [data / "imagesTr" / f"case_0_{n:04}.nii.gz" for n in range(2)]
    image = sitk.DICOMOrient(read_image(*paths), orientation)
    truth = sitk.DICOMOrient(sitk.ReadImage(str(data / "labelsTr" / "case_0.nii.gz")), orientation)
    result = segment_image(image, difference_model(), members=1)
    assert dice(sitk.GetArrayFromImage(result.labels) > 0, sitk.GetArrayFromImage(truth) > 0) > 0.99
    assert result.labels.GetSize() == truth.GetSize()
    assert np.allclose(result.labels.GetDirection(), truth.GetDirection())


def test_channels_on_other_grids(tmp_path, data):
    """They come onto the first one's voxels, wherever they were; what lies elsewhere is no channel."""
    first, second = (read_image(data / "imagesTr" / f"case_0_{n:04}.nii.gz") for n in range(2))
    finer = sitk.Resample(second, [48, 52, 36], sitk.Transform(), sitk.sitkLinear, [-23.4, -25.3, 0.4], [0.5, 0.5, 0.6])
    turned = sitk.DICOMOrient(finer, "SAR")
    elsewhere = sitk.Image(second)
    elsewhere.SetOrigin([500, 0, 0])
    for name, image in (("first", first), ("turned", turned), ("elsewhere", elsewhere)):
        sitk.WriteImage(image, str(tmp_path / f"{name}.nrrd"))
    image = read_image(tmp_path / "first.nrrd", tmp_path / "turned.nrrd")
    assert image.GetSize() == first.GetSize() and image.GetNumberOfComponentsPerPixel() == 2
    channels = CanonicalImage.of(image).channels
    assert np.array_equal(channels[0], CanonicalImage.of(first).array)
    inside = (slice(3, -3),) * 3
    assert np.corrcoef(channels[1][inside].ravel(), CanonicalImage.of(second).array[inside].ravel())[0, 1] > 0.98
    with pytest.raises(MedNCAError, match=r"elsewhere\.nrrd shows nothing of what .*first\.nrrd shows"):
        read_image(tmp_path / "first.nrrd", tmp_path / "elsewhere.nrrd")


def test_wrong_number_of_channels(data):
    image = read_image(data / "imagesTr" / "case_0_0000.nii.gz")
    with pytest.raises(MedNCAError, match=r"needs 2 image channel\(s\) \(T2, ADC\), and this image has 1"):
        segment_image(image, difference_model())
    with pytest.raises(MedNCAError, match=r"needs 1 image channel\(s\) \(image\), and this image has 2"):
        segment_image(sitk.Compose(image, image), bright_model())


def test_a_channel_without_contrast(data):
    image = read_image(data / "imagesTr" / "case_0_0000.nii.gz")
    with pytest.raises(NothingFound, match="no contrast"):
        segment_image(sitk.Compose(image, 0 * image), difference_model())


def test_the_model_names_its_channels(tmp_path):
    folder = save(difference_model(), tmp_path / "difference")
    assert Library().load(str(folder)).preprocessing.channels == ("T2", "ADC")
    told = json.loads((folder / "model.json").read_text("utf-8"))
    told["preprocessing"]["channels"] = ["T2"]
    with pytest.raises(MedNCAError, match=r"1 channel\(s\) have names, and the architecture has 2"):
        parse_model_json(json.dumps(told).encode(), "model.json")


def test_layout_of_nnunet(tmp_path, data):
    found = find_dataset(data)
    assert found.channels == ("T2", "ADC") and found.label_names == {1: "organ"} and not found.problems
    assert [path.name for path in found.cases[0].channels] == ["case_0_0000.nii.gz", "case_0_0001.nii.gz"]
    proposal = propose(fingerprint(found), found.label_names)
    assert proposal.plan.architecture.input_channels == 2
    assert proposal.plan.preprocessing.channels == ("T2", "ADC")
    assert "T2, ADC" in str(proposal.reasons["channels"])
    lacking = find_dataset(write(tmp_path / "lacking", missing={(3, 1), (4, 0)}))
    assert len(lacking.cases) == 4
    assert str(lacking.problems["case_3"]) == "case_3 lacks its channel ADC, the file case_3_0001."
    assert str(lacking.problems["case_4"]) == "case_4 has no image; the names of the files must match."


@pytest.fixture(scope="module")
def decathlon(data, tmp_path_factory):
    """The same as the Decathlon has it: a file of four dimensions an image, and its channels under "modality"."""
    folder = tmp_path_factory.mktemp("channels") / "decathlon"
    (folder / "imagesTr").mkdir(parents=True)
    (folder / "labelsTr").symlink_to(data / "labelsTr")
    for number in range(6):
        channels = [sitk.ReadImage(str(data / "imagesTr" / f"case_{number}_{n:04}.nii.gz")) for n in range(2)]
        sitk.WriteImage(sitk.JoinSeries(channels), str(folder / "imagesTr" / f"case_{number}.nii.gz"))
    described = {"modality": {"0": "T2", "1": "ADC"}, "labels": {"0": "background", "1": "organ"}}
    (folder / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def test_one_file_with_all_channels(data, decathlon):
    pair = [data / "imagesTr" / f"case_0_{n:04}.nii.gz" for n in range(2)]
    apart, joined = read_image(*pair), read_image(decathlon / "imagesTr" / "case_0.nii.gz")
    assert np.array_equal(sitk.GetArrayFromImage(apart), sitk.GetArrayFromImage(joined))
    assert np.allclose(apart.GetDirection(), joined.GetDirection()) and apart.GetOrigin() == joined.GetOrigin()
    with pytest.raises(MedNCAError, match="is 4D; MedNCA segments 3D volumes"):
        read_labels(decathlon / "imagesTr" / "case_0.nii.gz")


def test_layout_of_the_decathlon(tmp_path, data, decathlon):
    found = find_dataset(decathlon)
    assert found.channels == ("T2", "ADC") and len(found.cases) == 6 and not found.problems
    facts = fingerprint(found)
    assert facts == fingerprint(find_dataset(data)) and len(facts.usable) == 6
    files = [(case_name(path), path) for path in (decathlon / "imagesTr").iterdir()]
    whole, problems = group_channels(files, ("T2", "ADC"))
    assert len(whole) == 6 and not problems
    # One of another number of channels than most is told, whether it has more or fewer.
    for part in ("images", "labels"):
        shutil.copytree(data / f"{part}Tr", tmp_path / part)
    for number in range(4):
        (tmp_path / "images" / f"case_{number}_0001.nii.gz").unlink()
        (tmp_path / "images" / f"case_{number}_0000.nii.gz").rename(tmp_path / "images" / f"case_{number}.nii.gz")
    shutil.copy(decathlon / "imagesTr" / "case_3.nii.gz", tmp_path / "images")
    found = find_dataset(tmp_path)
    assert found.channels == ("channel 0", "channel 1") and len(found.cases) == 3
    (tmp_path / "labels" / "case_4.nii.gz").unlink()
    found = find_dataset(tmp_path)
    assert found.channels == ("image",) and len(found.cases) == 3
    assert str(found.problems["case_3"]) == "case_3 has 2 channels, more than 1 (0)."


def test_two_folders_tell_their_channels_by_number(tmp_path, data):
    for part in ("images", "labels"):
        (tmp_path / part).symlink_to(data / f"{part}Tr")
    found = find_dataset(tmp_path)
    assert found.channels == ("channel 0", "channel 1") and len(found.cases) == 6


def test_group_channels(tmp_path):
    names = ["a_0000", "a_0001", "b_0000", "c"]
    whole, problems = group_channels([(name, tmp_path / name) for name in names], ("T2", "ADC"))
    assert whole == [("a", (tmp_path / "a_0000", tmp_path / "a_0001"))]
    assert {name: str(problem) for name, problem in problems.items()} == {
        "b": "b lacks its channel ADC, the file b_0001.",
        "c": "c lacks its channel ADC, the file c_0001.",
    }
    sitk.WriteImage(sitk.JoinSeries([image_of(np.ones((4, 4, 4), np.float32))] * 2), str(tmp_path / "p_0001.nii.gz"))
    several = [("a_0000", tmp_path / "a_0000"), ("p_0001", tmp_path / "p_0001.nii.gz"), ("a_0001", tmp_path / "a_0001")]
    whole, problems = group_channels(several, ("T2", "ADC"))  # a file that holds both is one image, whatever its number
    assert [name for name, _paths in whole] == ["a", "p_0001"] and not problems
    alone, problems = group_channels([(name, tmp_path / name) for name in names], ("image",))
    assert [name for name, _paths in alone] == names and not problems


def two_channels(**changes):
    """The phantoms' plan, of two channels and one label."""
    one = plan(**changes)
    return replace(
        one,
        architecture=replace(one.architecture, input_channels=2, labels=1),
        labels=(Label(1, "organ", (0, 200, 0)),),
        preprocessing=replace(one.preprocessing, channels=("T2", "ADC")),
    )


def test_a_sample_keeps_its_channels_together(data):
    """They are moved alike, whatever is drawn, and normalized each by itself."""
    made = two_channels(augmentation=Augmentation(shift=6, rotation=20, elastic=1.0, gamma=0, noise=0, bias_field=0,
                                                  anisotropy=0, blur=0, motion=0, ghosting=0, spike=0))  # fmt: skip
    ((image, labels),) = CaseReader(made)(find_dataset(data).cases[1])
    assert image.shape == (*SHAPE, 2) and image.dtype == np.float32
    sample, marked = training_sample(image, labels, made, seed=3)
    assert sample.shape == (*made.field_of_view, 2) and sample.dtype == np.float32
    inside = marked >= 0
    brighter = (sample[..., 1] > 1) & (sample[..., 0] < 0.5)  # bright in the second alone: the organ
    assert dice(brighter[inside], marked[inside] == 1) > 0.85
    assert np.abs(sample.reshape(-1, 2).mean(0)).max() < 1e-4


def test_a_crop_that_shows_nothing_in_a_channel_ends_no_training(data):
    made, ((image, labels),) = two_channels(), CaseReader(two_channels())(find_dataset(data).cases[1])
    image[..., 1] = 7
    for seed in range(12):
        sample, _labels = training_sample(image, labels, made, seed)
        assert np.isfinite(sample).all() and sample[..., 0].std() > 0.5
    plain = two_channels(
        augmentation=Augmentation(noise=0, gamma=0, bias_field=0, blur=0, motion=0, ghosting=0, spike=0)
    )
    assert not training_sample(image, labels, plain, 0)[0][..., 1].any()


def test_artifacts_are_each_channel_s_own(data):
    paths = [data / "imagesTr" / f"case_0_{n:04}.nii.gz" for n in range(2)]
    image = read_image(paths[0], paths[0])
    degraded = CanonicalImage.of(degrade(image, noise, seed=5))
    alone = CanonicalImage.of(degrade(read_image(paths[0]), noise, seed=5))
    assert np.array_equal(degraded.channels[0], alone.array)
    assert np.abs(degraded.channels[1] - degraded.channels[0]).max() > 0.01


def test_finetuning_needs_the_model_s_channels(data):
    with pytest.raises(MedNCAError, match=r"needs images of 1 channel\(s\) \(image\); these have 2"):
        finetuning_plan(bright_model(), fingerprint(find_dataset(data)))


def test_channels_in_another_order_are_not_taken_for_the_model_s(data):
    base, found = difference_model(), fingerprint(find_dataset(data))
    base.preprocessing = replace(base.preprocessing, channels=("adc", "t2"))
    with pytest.raises(MedNCAError, match="takes the channels in the order adc, t2; these images have them as T2, ADC"):
        finetuning_plan(base, found)
    base.preprocessing = replace(base.preprocessing, channels=("t2", "adc"))
    assert finetuning_plan(base, found).preprocessing.channels == ("t2", "adc")


def test_a_plan_for_other_channels_is_refused_before_hours_are_spent(data):
    with pytest.raises(MedNCAError, match=r"case_0: It has 2 channel\(s\), and the plan is for 1\."):
        check_cases(find_dataset(data).cases, plan())


def test_train_and_segment(tmp_path, data, decathlon, few_conditions):
    """On the command line: trained on two channels, and segmented with both, by number or one by one."""
    chosen = two_channels(iterations=30, learning_rate=8e-3, batch=2, augmentation=Augmentation(
        shift=1, rotation=2, scaling=0, elastic=0, noise=0, gamma=0, bias_field=0, anisotropy=0, blur=0, motion=0,
        ghosting=0, spike=0))  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(chosen.to_json()), encoding="utf-8")
    torch.set_num_threads(1)
    result = CliRunner().invoke(cli.cli.app, [
        "train", "--data", str(data), "--run", str(tmp_path / "run"), "--plan", str(tmp_path / "plan.json"),
        "--name", "two", "--calibration-cases", "1",
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    made = tmp_path / "run" / "result"
    model = Library().load(str(made))
    assert model.preprocessing.channels == ("T2", "ADC")
    assert model.info["network_data_format"]["inputs"]["image"]["channel_def"] == {"0": "T2", "1": "ADC"}
    assert "2 of them the image's: T2, ADC" in (made / "MODEL_CARD.md").read_text("utf-8")
    assert model.info["eval_metrics"]["dice"]["union"] > 0.8  # each channel alone shows two bodies, or the wrong one
    images, out = data / "imagesTr", tmp_path / "out"
    result = CliRunner().invoke(
        cli.cli.app, ["segment", str(images), "--model", str(made), "--out", str(out), "--members", "2"]
    )
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == [f"case_{n}" for n in range(6)]
    pair = [str(images / f"case_5_{n:04}.nii.gz") for n in range(2)]
    joined = str(decathlon / "imagesTr" / "case_5.nii.gz")
    result = CliRunner().invoke(
        cli.cli.app, ["segment", joined, "--model", str(made), "--out", str(tmp_path / "joined"), "--members", "2"]
    )
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(cli.cli.app, [
        "segment", pair[0], "--channel", pair[1], "--model", str(made), "--out", str(tmp_path / "one"), "--members", "2",
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    folders = (tmp_path / "one" / "case_5_0000", tmp_path / "joined" / "case_5", out / "case_5")
    masks = [sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "segmentation.nii.gz"))) for folder in folders]
    assert np.array_equal(masks[0], masks[2]) and np.array_equal(masks[1], masks[2])
    lonely = CliRunner().invoke(cli.cli.app, ["segment", pair[0], "--model", str(made), "--out", str(tmp_path / "no")])
    assert lonely.exit_code == 1 and "lacks its channel ADC" in lonely.output
