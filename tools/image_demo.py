"""Detect, segment and score the instances in images or a video.

    python tools/image_demo.py IMAGE_OR_FOLDER_OR_VIDEO CONFIG CHECKPOINT \\
        --out-dir OUT

A folder is read with its subfolders; videos in it are named, not read: give
each as the first argument. Writes ``OUT_DIR/vis/NAME`` (each
instance labelled with its class score, MaskIoU and mask score; small images
are enlarged) and ``OUT_DIR/preds/NAME.json`` (boxes, masks and scores of all
instances). If two images have the same name, the name of the second gets its
suffix or folder. Of a video, ``vis/NAME.mp4`` and ``preds/NAME.jsonl``, with a
line of JSON for each frame. Files that cannot be read are named at the end.
The suffixes of videos are .avi, .m4v, .mkv, .mov, .mp4, .mpeg and .webm.
"""

import argparse
import pickle
import sys
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

from mmdet.apis.det_inferencer import IMG_EXTENSIONS

from mmdet_msrcnn.apis import MaskScoringInferencer
from mmdet_msrcnn.apis.detect_files import VIDEO_EXTENSIONS, FileDetector
from mmdet_msrcnn.checkpoints.fit import few
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
from mmdet_msrcnn.utils.arguments import score_thr
from mmdet_msrcnn.utils.image_files import find_images
from mmdet_msrcnn.utils.score_thresholds import read_thresholds

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('image', help='image, folder of images, or video')
    parser.add_argument('config', help='config of the model')
    parser.add_argument('checkpoint', help='trained weights')
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--device', help='such as cpu or cuda:0')
    parser.add_argument(
        '--score-thr',
        '--pred-score-thr',
        type=score_thr,
        default=0.3,
        help='lowest score of instances to draw: the class score, or the mask '
        "score with rank_by='mask_score' (default: 0.3). auto: for each class "
        'the threshold of the mask score with the best F1 at mask IoU 0.5, '
        'from --thresholds or the checkpoint',
    )
    parser.add_argument(
        '--thresholds',
        type=Path,
        help='report.json of tools/analyze_results.py, for --score-thr auto',
    )
    parser.add_argument(
        '--json-lines',
        help='also write the predictions to this file, or to standard output '
        'if it is -, a line of JSON for each image as soon as it is done',
    )
    args = parser.parse_args()
    if args.thresholds and args.score_thr != 'auto':
        parser.error('--thresholds needs --score-thr auto')
    return args


def check_outputs(args: argparse.Namespace, inputs: list[str]) -> None:
    """Check that no input would be overwritten.

    Raises:
        ValueError: If an input is where outputs are written.
    """
    outputs = [(args.out_dir / name).resolve() for name in ('vis', 'preds')]
    if args.json_lines and args.json_lines != '-':
        outputs.append(Path(args.json_lines).resolve())
    read = [*inputs, args.config, args.checkpoint]
    read += [args.thresholds] if args.thresholds else []
    for path in read:
        for output in outputs:
            if Path(path).resolve().is_relative_to(output):
                raise ValueError(
                    f'{path} could be overwritten, because outputs are '
                    f'written to {output}. Choose another output.'
                )


def describe_skipped(others: list[Path]) -> str:
    """Name the videos among the files of a folder that are not read.

    Args:
        others (list[Path]): Files without the suffix of an image.

    Returns:
        str: Text to put after the closing message.
    """
    videos = [p for p in others if p.suffix.lower() in VIDEO_EXTENSIONS]
    text = ''
    if videos:
        text = (
            f'. Skipped videos: {few(list(map(str, videos)))}; give each as '
            'the first argument'
        )
    if len(others) > len(videos):
        text += f'. Skipped {len(others) - len(videos)} other files'
    return text


def check_inputs(args: argparse.Namespace) -> None:
    """Check the files that are read, and where JSON lines go.

    Raises:
        ValueError: If one is missing, or is another kind of file.
    """
    for path in (args.image, args.config, args.checkpoint):
        if '://' not in path and not Path(path).exists():
            raise ValueError(f'{path} does not exist')
    if Path(args.config).suffix not in CONFIG_SUFFIXES:
        raise ValueError(
            f'{args.config} is not a config; the order is IMAGE CONFIG '
            'CHECKPOINT'
        )
    if args.json_lines and not Path(args.json_lines).parent.is_dir():
        raise ValueError(
            f'the folder of --json-lines {args.json_lines} does not exist'
        )
    if '://' not in args.checkpoint:
        read_checkpoint(args.checkpoint)


def main() -> None:
    """Run the demo."""
    force_weights_only()
    args = parse_args()
    source = Path(args.image)
    is_video = source.suffix.lower() in VIDEO_EXTENSIONS and source.is_file()
    images = [args.image]
    skipped = ''
    if source.is_dir():
        found, others = find_images(source)
        images = list(map(str, found))
        if not images:
            raise SystemExit(
                f'{source} has no image; the suffixes are {IMG_EXTENSIONS}'
            )
        skipped = describe_skipped(others)
    stdout = sys.stdout
    try:
        check_outputs(args, images)
        check_inputs(args)
        thresholds = (
            read_thresholds(args.thresholds) if args.thresholds else {}
        )
        for name in ('vis', 'preds'):
            (args.out_dir / name).mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            if args.json_lines == '-':
                # mmengine prints.
                stack.enter_context(redirect_stdout(sys.stderr))
            inferencer = MaskScoringInferencer(
                args.config, args.checkpoint, device=args.device
            )
            if thresholds:
                inferencer.score_thresholds = thresholds
            lines = None
            if args.json_lines == '-':
                lines = stdout
            elif args.json_lines:
                lines = stack.enter_context(open(args.json_lines, 'w'))
            detector = FileDetector(
                inferencer, args.out_dir, args.score_thr, lines
            )
            if is_video:
                detector.detect_video(source)
                failed = []
            else:
                failed = detector.detect_images(images)
    except KeyboardInterrupt:
        raise SystemExit('Interrupted') from None
    except (
        *(OSError, TypeError, ValueError, AssertionError, RuntimeError),
        pickle.UnpicklingError,
    ) as error:
        raise SystemExit(f'image_demo.py: {error}') from None
    count = f'{len(images) - len(failed)} of {len(images)} to ' * bool(failed)
    message = f'Wrote {count}{args.out_dir}/vis and {args.out_dir}/preds'
    print(f'{message}{skipped}', file=sys.stderr)
    if failed:
        raise SystemExit('\n'.join(failed))


if __name__ == '__main__':
    main()
