"""Every threshold of preservation: what it means, its unit, and where its value comes from.

    from dataclasses import replace
    from wegen_core.preservation import preserve
    from wegen_core.preservation.settings import DEFAULTS

    patient = replace(DEFAULTS, locality=replace(DEFAULTS.locality, max_colour_shift=25.0))
    preserve(source, edited, settings=patient)

Where a value comes from: unless a field names a source, it was set by hand, on the drawn scenes of
`benchmarks/preservation.py` and on photographs with simulated edits.
`benchmarks/calibrate_preservation.py` prints what halving and doubling each value costs.

Units: "levels" are steps of 8-bit intensity, 0 to 255. "px" are pixels of the image that the field
names. NCC is the normalised cross-correlation of two image patches, 1 where they are equal up to
gain. "Working size" is the size of at most `Settings.working_pixels` at which images are analysed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class MatchingSettings:
    """How two images of one pyramid level are compared.

    Parameters
    ----------
    ncc_radius
        Half side of the square window of local means, variances and NCC, px of the level.
    flat_variance
        Added to the local variance before dividing by it, levels squared. Keeps the noise of flat
        areas from looking like texture.
    min_energy
        Mean square of the normalised image from which an area counts as texture.
    max_contrast
        Standard deviation in levels above which more contrast adds no weight to the mean NCC.
    chance_ncc
        NCC that unrelated textures reach by chance; it counts as 0 in the mean NCC.
    matched_ncc
        NCC from which a pixel counts as matched.
    cell
        Side in px of the cells over which normal equations are averaged, at the finest level.
    """

    ncc_radius: int = 6
    flat_variance: float = 16.0
    min_energy: float = 0.3
    max_contrast: float = 40.0
    chance_ncc: float = 0.3
    matched_ncc: float = 0.5
    cell: int = 8


@dataclass(frozen=True)
class SolverSettings:
    """How many Gauss-Newton steps are taken, and when they end earlier.

    Parameters
    ----------
    affine_steps
        Most affine steps at a pyramid level.
    candidate_steps
        Most affine steps to refine a candidate resize at the coarsest level.
    final_affine_steps
        Most affine steps at the finest level, where a warp turned out to be negligible.
    initial_warp_steps
        Most warp steps with `WarpSettings.initial_amplitude` at each level but the finest.
    warp_steps
        Most warp steps whose amplitude is estimated, at each level.
    final_warp_steps
        Most warp steps with `WarpSettings.final_amplitude` at the finest level, at the end.
    converged_px
        A step shorter than this ends the iteration, px of the level.
    over_relaxation_cosine
        Cosine between two successive affine steps from which the stride doubles.
    """

    affine_steps: int = 3
    candidate_steps: int = 6
    final_affine_steps: int = 12
    initial_warp_steps: int = 3
    warp_steps: int = 9
    final_warp_steps: int = 6
    converged_px: float = 0.05
    over_relaxation_cosine: float = 0.7


@dataclass(frozen=True)
class SearchSettings:
    """Where registration starts: a resize between the sizes, or a search over scale and shift.

    Parameters
    ----------
    scale_search_ncc
        Search over scales if the mean NCC of every candidate resize stays at or below this, and
        below `RegistrationSettings.certain_ncc_share`. Equal images have 0.25 to 0.67.
    long_side
        Long side of the images that are searched, px. A shorter one loses some images, a longer one
        finds no others.
    scales
        Smallest and largest scale of the search.
    scale_count
        Number of scales, evenly spaced in the logarithm.
    stretches
        Ratios of horizontal to vertical scale, tried at the best scales.
    candidates
        How many results of the search are scored.
    far_shift
        Share of a side. A longer shift is considered apart: an editor hardly moves an image that
        far, but may move an object so far.
    far_matched_share
        Share of the image that must match after a far shift, so that one moved object is not taken
        for a moved image.
    doubtful_gain, certain_gain
        A result of the search whose gain of mean NCC at the coarsest level is at most the first is
        rejected, and from the second on accepted. In between, the next level decides.
    gain_factor
        Factor of mean NCC that a doubtful result must gain at that next level.
    """

    scale_search_ncc: float = 0.26
    long_side: int = 128
    scales: tuple[float, float] = (0.56, 1.8)
    scale_count: int = 21
    stretches: tuple[float, ...] = (0.86, 0.93, 1.07, 1.16)
    candidates: int = 4
    far_shift: float = 0.2
    far_matched_share: float = 0.3
    doubtful_gain: float = 0.002
    certain_gain: float = 0.1
    gain_factor: float = 1.2


@dataclass(frozen=True)
class WarpSettings:
    """The smooth warp beside the affine map. "Side" is the long side of the source.

    Parameters
    ----------
    min_side
        Source images with a shorter short side get an affine map only, px: they hold too little to
        distinguish a warp from noise.
    grid
        Nodes of the control grid along the long side.
    half_waves
        Highest spatial frequency of the basis functions, half waves per side.
    correlation_length
        Correlation length of the Matern covariance, share of the side.
    smoothness
        Smoothness parameter nu of the Matern covariance.
    amplitudes
        Standard deviations of the warp that are compared by likelihood, shares of the side,
        increasing. The first stands for "no warp".
    initial_amplitude
        Standard deviation assumed while images are not aligned yet, share of the side.
    final_amplitude
        Standard deviation assumed in the last steps, share of the side. A larger one lets the warp
        run on into flat areas; a smaller one damps it.
    pixels_per_sample
        Residuals of neighbouring pixels are correlated: so many pixels count as one sample.
    max_step_px
        Longest change of a control point in one step, px of the level.
    min_rms_px
        A warp with a smaller root mean square is dropped, px of the finest level: it follows
        texture that the editor redrew.
    anchor_share, still_px
        Where the fitted warp moves more than this share of the texture by less than `still_px`
        against the plain resize (px of the finest level), the warp is measured from that resize,
        and fades to it in flat areas.
    """

    min_side: int = 96
    grid: int = 20
    half_waves: int = 12
    correlation_length: float = 0.1
    smoothness: float = 2.5
    amplitudes: tuple[float, ...] = (1e-6, 0.0005, 0.001, 0.002, 0.005)
    initial_amplitude: float = 0.01
    final_amplitude: float = 0.005
    pixels_per_sample: float = 8.0
    max_step_px: float = 3.0
    min_rms_px: float = 0.06
    anchor_share: float = 0.06
    still_px: float = 0.3


@dataclass(frozen=True)
class RivalSettings:
    """Other ways to register the same pair, and which result is the most likely.

    Parameters
    ----------
    max_textured_share
        A source is faint if a smaller share of it varies by more than
        `MatchingSettings.flat_variance`.
    flat_variance
        `MatchingSettings.flat_variance` of the rivals, levels squared.
    levels
        `RegistrationSettings.levels` of the rival that starts from a coarser level.
    min_gain
        Mean log-likelihood per pixel that the rival for faint images must gain.
    min_coarse_gain
        The same for the one that starts from a coarser level: it ends at a coarser level too, and
        is to correct large errors only.
    high_pass_radius
        Half side of the square whose mean is subtracted before images are compared, px of the last
        of `levels`. Larger than `MatchingSettings.ncc_radius`, because faint images vary slowly.
    gain_range, gain_steps
        Smallest and largest gain between the images, and steps of its robust fit.
    min_noise
        Smallest variance of the noise, levels squared: rounding to 8 bits leaves 0.08.
    samples
        About how many pixels are compared.
    """

    max_textured_share: float = 0.65
    flat_variance: float = 1.0
    levels: tuple[int, ...] = (64, 128, 256)
    min_gain: float = 0.05
    min_coarse_gain: float = 0.2
    high_pass_radius: int = 24
    gain_range: tuple[float, float] = (0.5, 2.0)
    gain_steps: int = 5
    min_noise: float = 0.05
    samples: int = 10_000


@dataclass(frozen=True)
class RegistrationSettings:
    """How the edited image is aligned with the source.

    Parameters
    ----------
    levels
        Long sides of the pyramid's levels, px, increasing.
    min_side
        Images with a shorter side are not registered, px.
    min_coarse_side
        Nor are sources whose short side at the coarsest level is below this, px: they are longer
        than 16:1.
    min_ncc_gain
        Mean NCC that a transform must gain over the plain resize to replace it.
    min_ncc_share
        And share that it must reach of the source's mean NCC with itself: where less matches, it
        matches by chance.
    certain_ncc_share
        Share from which a candidate resize starts without a search, and a plain one that was found
        has no rivals. In drawings and real edits, those that are wrong have less than 0.4.
    max_stretch
        Largest ratio of the two singular values of the affine map beyond a resize between the
        sizes. Editors hardly stretch images.
    matching, solver, search, warp, rival
        See there.
    """

    levels: tuple[int, ...] = (128, 256, 512)
    min_side: int = 16
    min_coarse_side: int = 8
    min_ncc_gain: float = 0.004
    min_ncc_share: float = 0.05
    certain_ncc_share: float = 0.6
    max_stretch: float = 1.25
    matching: MatchingSettings = MatchingSettings()
    solver: SolverSettings = SolverSettings()
    search: SearchSettings = SearchSettings()
    warp: WarpSettings = WarpSettings()
    rival: RivalSettings = RivalSettings()


@dataclass(frozen=True)
class ColourSettings:
    """How the editor's colour shift is fitted.

    Parameters
    ----------
    long_side
        Long side of the images that are fitted, px. Averaging hides noise and misalignment.
    min_long_side
        Images are at most halved, but to no less than this, px: single pixels of small images
        carry noise rather than colour.
    samples
        About how many pixels the fit uses.
    min_pixels
        With fewer valid pixels colours are left as they are.
    min_trusted_share
        Where a mask is given, the fit uses what lies outside; if that is a smaller share of the
        image than this, it uses the whole image.
    flat_weight
        Weight of pixels without texture relative to well-matched ones: flat areas say little about
        whether they are the same.
    gain_range
        Smallest and largest gain of a channel.
    gain_prior
        Pulls the gain to 1, as so much variance would, levels squared. Matters for nearly flat
        images only.
    max_residual
        Larger residuals are left out when the median residual is measured, levels.
    inlier_spread, inlier_offset
        A residual from `inlier_spread` median residuals plus `inlier_offset` levels on has an
        inlier weight of 0.
    inlier_weight
        Weight from which a pixel counts as an inlier.
    max_texture
        Texture above this counts no more, levels.
    offset_grid
        Nodes of the smooth offset field along the long side.
    offset_limit
        Largest value of that field, levels. A larger smooth difference is an edit.
    colour_spread
        Added to the standard deviation of the fitted colours, levels, before distances from them
        are measured.
    fitted_distance
        Mahalanobis distances from the fitted colours up to which the curve holds, and from which
        colours are left as they are: the fit says nothing about them.
    end_width
        Distance from 0 and from 255, levels, over which a composited colour goes from the curve to
        itself: what the editor clipped stays clipped, without contours.
    clipped_level
        Intensities from this on, and from 255 minus this down, count as clipped by the editor.
        3 levels from the ends: resampling and JPEG blur what was clipped.
    """

    long_side: int = 192
    min_long_side: int = 32
    samples: int = 4000
    min_pixels: int = 24
    min_trusted_share: float = 0.05
    flat_weight: float = 0.05
    gain_range: tuple[float, float] = (0.4, 2.5)
    gain_prior: float = 50.0
    max_residual: float = 24.0
    inlier_spread: float = 3.5
    inlier_offset: float = 3.0
    inlier_weight: float = 0.25
    max_texture: float = 20.0
    offset_grid: int = 24
    offset_limit: float = 5.0
    colour_spread: float = 8.0
    fitted_distance: tuple[float, float] = (3.0, 5.0)
    end_width: float = 24.0
    clipped_level: int = 252


@dataclass(frozen=True)
class ChangeLevelSettings:
    """Detection at one level of the residual pyramid.

    Parameters
    ----------
    min_difference
        Smaller differences, in levels, do not count as a change: a person hardly sees them.
    peak_share
        Share of the largest difference near by that a pixel must reach. Leaves out the blurred edge
        around a change.
    strong_score
        Score from which a component is a change; the score is the residual in units of its
        expected standard deviation.
    """

    min_difference: float
    peak_share: float
    strong_score: float


@dataclass(frozen=True)
class ChangeSettings:
    """How a change is distinguished from the editor's noise.

    Parameters
    ----------
    levels
        The pyramid's levels, from working size on; each is half as large as the one before.
    min_jitter, jitter_per_residual
        Standard deviation, px, up to which details may be off their place: `min_jitter`, plus
        `jitter_per_residual` for each px of the registration's residual. Bounds the share of the
        squared gradient that the noise model may learn, because it also learns from the edit.
    displacement
        px by which any detail may be off its place. What differs from everything within this
        distance is a contradiction, whatever the noise model says.
    blur_share
        Share of the local contrast that an editor's blur may take from a fine detail: so much less
        is a contradiction.
    min_contradiction, min_contradicting
        Contradictions count as a change where this many px of a component exceed so many levels.
    sigma
        Blur of each level, px of the level.
    weak_score
        Score from which a pixel belongs to a component that holds a strong one.
    announced_factor
        Factor on the required scores where a mask announces a change.
    min_evidence
        Smallest peak score times square root of the area in px. Along sharp edges an editor's
        jitter leaves short bright lines.
    shared_gradient
        Share of the squared gradient of all colour planes that counts in each of them: what is
        drawn aside errs a little in all.
    chroma_reach
        px by which colour may be off beside an edge: JPEG and video store it at half resolution.
    quiet_weight
        Inlier weight of the colour fit from which the noise is learnt.
    noise_samples
        About how many pixels a noise fit uses.
    min_noise_samples
        With fewer, `initial_noise` is used as it is.
    initial_noise
        Expected squared residual: variance in flat areas in levels squared, and share of the
        squared gradient. The start of the fit.
    min_noise
        Smallest values of these two.
    leftovers, detail_share
        Steps of (levels, px): within so many px of a change, what differs by more than so many
        levels, and by more than `detail_share` of the contrast, from everything that the edited
        image shows within `displacement` is left of what was there before, and belongs to the
        change.
    beside_share
        So does what differs so much from everything within 1 px, times this share: the edges of
        what is new hide what is left beside them.
    max_gap
        Gaps up to this width belong to the change around them, px.
    min_hole, hole_share
        Holes with fewer px than `min_hole`, or than this share of the change, do too.
    """

    levels: tuple[ChangeLevelSettings, ...] = (
        ChangeLevelSettings(7.0, 0.3, 9.0),
        ChangeLevelSettings(4.5, 0.35, 9.0),
        ChangeLevelSettings(4.0, 0.45, 10.0),
        ChangeLevelSettings(3.5, 0.5, 10.0),
    )
    min_jitter: float = 0.3
    jitter_per_residual: float = 1.5
    displacement: int = 2
    blur_share: float = 0.3
    min_contradiction: float = 24.0
    min_contradicting: int = 6
    sigma: float = 0.8
    weak_score: float = 2.8
    announced_factor: float = 0.6
    min_evidence: float = 260.0
    shared_gradient: float = 0.1
    chroma_reach: float = 1.5
    quiet_weight: float = 0.1
    noise_samples: int = 4000
    min_noise_samples: int = 64
    initial_noise: tuple[float, float] = (1.0, 0.05)
    min_noise: tuple[float, float] = (0.1, 1e-3)
    leftovers: tuple[tuple[float, float], ...] = ((20.0, 24.0), (4.0, 6.0), (3.0, 4.0))
    detail_share: float = 0.1
    beside_share: float = 0.4
    max_gap: float = 4.0
    min_hole: int = 9
    hole_share: float = 0.02

    @property
    def halo(self) -> int:
        """Rows beside a strip that its filters read: a blur ends at 3 sigma; 2 px is the widest."""
        return 2 + math.ceil(3 * max(2.0, self.sigma, self.chroma_reach, self.displacement / 3))


@dataclass(frozen=True)
class TransparencySettings:
    """When another alpha channel is a change.

    Parameters
    ----------
    cut_out_share
        If more of an opaque image than this share becomes transparent, a part of it was cut out,
        and the edit is passed through.
    visible
        Alpha from which a pixel shows its colour, and by which transparencies differ, levels.
    displacement, min_difference
        An alpha that differs by more than `min_difference` levels from all within `displacement` px
        of working size is a change.
    """

    cut_out_share: float = 0.1
    visible: float = 3.0
    displacement: int = 2
    min_difference: float = 8.0


@dataclass(frozen=True)
class LocalitySettings:
    """When an edit is global, so that nothing is left to preserve.

    Parameters
    ----------
    min_pixels
        With fewer px covered by the edited image, the edit counts as global.
    max_zoom
        A zoom by more than this, or less than its inverse, is a new framing. Editors drift by up to
        a fifth.
    max_framed_change
        Where less of the image than this share changed, a new frame is the edit:
    max_extension
        it was extended by more than this factor along one side, or along both at the same pixel
        scale;
    max_crop
        or cropped by more than this factor along one side. Editors crop to one of few aspect
        ratios.
    max_colour_shift
        Largest mean colour shift of the inliers, levels. Editors shift by up to about 10.
    max_highlight_shift
        Largest shift of the 98th percentile of a channel, levels. Catches a change of light in an
        image that is mostly black.
    colourful
        Mean distance of the channels from the luma above which a pixel has colour, levels.
    min_colour_area
        Share of the image that must have colour so that it can lose it.
    min_colour_share
        Share of its colourfulness that an image with colour must keep.
    colourless
        Mean colourfulness below which an image has no colour, levels.
    coloured_area, min_lines_ncc
        Share of an image without colour that gains some when it is coloured in, and the NCC of the
        lines there.
    max_residual, residual_per_texture
        A median residual above `max_residual` levels plus `residual_per_texture` per level of the
        unchanged part's texture means that the whole image was redrawn: editors redraw texture.
    noisy_residual, max_flat_noise, noisy_inlier_share
        So does one above `noisy_residual` levels plus that share if there is noise in flat areas
        above `max_flat_noise` levels (editors leave about 1), while more than `noisy_inlier_share`
        of the image are inliers, so that the noise is not the edit itself.
    min_matched_shares, unsure_shift
        Share of the texture of what counts as unchanged that must match, where the image stands as
        it did and where it was moved by more than `unsure_shift` of its longer side: less than this
        matches by chance.
    min_inlier_share
        Share of the image that must be inliers, and that must be unchanged.
    doubt_exponents, doubtful_error_rates
        The confidence is 1 minus an error rate times d to the power of an exponent, d being how
        near the strongest sign of a global edit comes to its threshold: from below, for a local
        edit (the first numbers), or from above. Fitted to half of the stress cases of
        `benchmarks/confidence.py` and to 80 real edits, 8 of them wrong, together.
    change_error_rate
        From the confidence in a local edit, so much is taken for a change of the whole image, and
        less for a smaller one. Fitted likewise.
    min_confidence
        Confidence below which the report says what to look at.
    cautious_confidence
        Confidence below which an edit that seems local is passed through: what was asked for is
        worth more than what is kept.
    hinted_factor
        Factor on the strengths of a global edit where a hint says that the edit is local.
    """

    min_pixels: int = 24
    max_zoom: float = 1.35
    max_framed_change: float = 0.01
    max_extension: float = 1.08
    max_crop: float = 1.18
    max_colour_shift: float = 15.0
    max_highlight_shift: float = 45.0
    colourful: float = 6.0
    min_colour_area: float = 0.02
    min_colour_share: float = 0.45
    colourless: float = 1.0
    coloured_area: float = 0.2
    min_lines_ncc: float = 0.45
    max_residual: float = 4.6
    residual_per_texture: float = 0.2
    noisy_residual: float = 3.0
    max_flat_noise: float = 2.5
    noisy_inlier_share: float = 0.5
    min_matched_shares: tuple[float, float] = (0.06, 0.25)
    unsure_shift: float = 0.05
    min_inlier_share: float = 0.05
    doubt_exponents: tuple[float, float] = (2.0, 3.0)
    doubtful_error_rates: tuple[float, float] = (0.4, 0.7)
    change_error_rate: float = 0.4
    min_confidence: float = 0.75
    cautious_confidence: float = 0.3
    hinted_factor: float = 0.8


@dataclass(frozen=True)
class CompositingSettings:
    """How the change is laid into the source.

    Parameters
    ----------
    feather
        Width of the soft edge, px of working size. Small, because a change already has soft edges.
    edge_alpha
        Alpha of the first pixel outside the change mask. Below 0.5, so that thresholding alpha at
        0.5 returns the mask.
    frame_border
        Width of the border of the edited image whose pixels are half mirrored, px of working size.
    frame_fade
        Distance over which a change that the edited image's border cuts fades out, px of working
        size.
    background_share
        Mean alpha along that border from which the change is a new background, which does not fade.
    min_extrapolated_alpha
        Smaller alphas beyond the border are 0; resizing and blurring leave them beside a change.
    seam_reach
        Distance over which the offset at the seam fades out, px of working size.
    seam_limit
        Largest offset at the seam, levels. A larger step belongs to the edit.
    max_density
        Edited pixels per source pixel along a side up to which the edited image is sampled.
        A denser one is averaged down first, because sampling would alias.
    """

    feather: float = 1.0
    edge_alpha: float = 0.48
    frame_border: float = 3.0
    frame_fade: float = 32.0
    background_share: float = 0.5
    min_extrapolated_alpha: float = 0.02
    seam_reach: float = 5.0
    seam_limit: float = 8.0
    max_density: float = 1.6


@dataclass(frozen=True)
class Settings:
    """All thresholds of `preserve`.

    Parameters
    ----------
    working_pixels
        Images are analysed at no more pixels than this; only compositing uses the full size.
    registration, colour, change, transparency, locality, compositing
        See there.
    """

    working_pixels: int = 1_000_000
    registration: RegistrationSettings = RegistrationSettings()
    colour: ColourSettings = ColourSettings()
    change: ChangeSettings = ChangeSettings()
    transparency: TransparencySettings = TransparencySettings()
    locality: LocalitySettings = LocalitySettings()
    compositing: CompositingSettings = CompositingSettings()


DEFAULTS = Settings()
