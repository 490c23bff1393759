//! Axes and what is drawn on them.

use std::fmt::Write;

use super::html::escape;

/// Names longer than this lie on each other.
const LONGEST_NAME: usize = 16;

/// The size of a chart in units of its view box, and its margins: left, right, top, bottom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) size: [f64; 2],
    pub(super) margin: [f64; 4],
}

impl Default for Frame {
    fn default() -> Self {
        Self { size: [360.0, 240.0], margin: [52.0, 12.0, 12.0, 42.0] }
    }
}

/// A linear axis; a reversed one runs from high to low, as magnitudes do.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    reversed: bool,
    label: String,
}

impl Axis {
    /// Around all finite values with some room; `None` without any.
    pub(super) fn around(values: impl Iterator<Item = f64>, label: &str) -> Option<Self> {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if low > high {
            return None;
        }
        let room = ((high - low) * 0.08).max(high.abs().max(low.abs()) * 1e-3).max(1e-9);
        Some(Self { low: low - room, high: high + room, reversed: false, label: label.to_owned() })
    }

    pub(super) fn reversed(self) -> Self {
        Self { reversed: true, ..self }
    }

    /// The same number of units a length, for maps.
    pub(super) fn square(mut x: Self, mut y: Self, [width, height]: [f64; 2]) -> (Self, Self) {
        let scale = ((x.high - x.low) / width).max((y.high - y.low) / height);
        for (axis, length) in [(&mut x, width), (&mut y, height)] {
            let (middle, half) = ((axis.low + axis.high) / 2.0, scale * length / 2.0);
            (axis.low, axis.high) = (middle - half, middle + half);
        }
        (x, y)
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        if self.reversed { 1.0 - share } else { share }
    }

    /// Round values, about five, and their text, all with as many decimals.
    fn ticks(&self) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
        let decimals = (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
        let text = |tick: f64| format!("{tick:.decimals$}").replacen('-', "\u{2212}", 1);
        let first = (self.low / step).ceil();
        (0..12)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|tick| *tick <= self.high)
            .map(|tick| if tick.abs() < step * 1e-6 { 0.0 } else { tick })
            .map(|tick| (tick, text(tick)))
            .collect()
    }
}

/// A name that leaves room for others.
fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['\u{2026}']).collect()
}

/// A chart that grows.
pub(super) struct Chart {
    frame: Frame,
    x: Axis,
    y: Axis,
    body: String,
}

impl Chart {
    pub(super) fn new(frame: Frame, x: Axis, y: Axis) -> Self {
        Self { frame, x, y, body: String::new() }
    }

    /// The lengths of the axes.
    pub(super) fn inner(frame: Frame) -> [f64; 2] {
        let [left, right, top, bottom] = frame.margin;
        [frame.size[0] - left - right, frame.size[1] - top - bottom]
    }

    /// Where values lie.
    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let [width, height] = Self::inner(self.frame);
        let [left, _, top, _] = self.frame.margin;
        [left + self.x.place(x) * width, top + (1.0 - self.y.place(y)) * height]
    }

    /// A dot with error bars (half lengths below and above), and what it says when pointed at.
    pub(super) fn point(&mut self, x: [f64; 3], y: [f64; 3], class: &str, title: &str) {
        let [cx, cy] = self.at(x[0], y[0]);
        if !(cx.is_finite() && cy.is_finite()) {
            return;
        }
        let mut bars = String::new();
        if y[1] > 0.0 && y[2] > 0.0 && (y[1] + y[2]).is_finite() {
            let ([_, low], [_, high]) = (self.at(x[0], y[0] - y[1]), self.at(x[0], y[0] + y[2]));
            let _ = write!(bars, "<path d=\"M{cx:.1} {low:.1}V{high:.1}\"/>");
        }
        if x[1] > 0.0 && x[2] > 0.0 && (x[1] + x[2]).is_finite() {
            let ([low, _], [high, _]) = (self.at(x[0] - x[1], y[0]), self.at(x[0] + x[2], y[0]));
            let _ = write!(bars, "<path d=\"M{low:.1} {cy:.1}H{high:.1}\"/>");
        }
        let _ = writeln!(
            self.body,
            "<g class=\"{class}\">{bars}<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.5\"/><title>{}</title></g>",
            escape(title)
        );
    }

    /// An arrow to fainter: a limit.
    pub(super) fn limit(&mut self, x: f64, y: f64, class: &str, title: &str) {
        let [cx, cy] = self.at(x, y);
        let _ = writeln!(
            self.body,
            "<g class=\"{class}\"><path d=\"M{:.1} {cy:.1}H{:.1}M{cx:.1} {cy:.1}v14m-3 -4l3 4l3 -4\"/><title>{}</title></g>",
            cx - 5.0,
            cx + 5.0,
            escape(title)
        );
    }

    /// A line through values; it breaks where they are not finite.
    pub(super) fn line(
        &mut self,
        values: impl Iterator<Item = [f64; 2]>,
        class: &str,
        title: &str,
    ) {
        let mut path = String::new();
        let mut pen = 'M';
        for [x, y] in values {
            let [x, y] = self.at(x, y);
            if x.is_finite() && y.is_finite() {
                let _ = write!(path, "{pen}{x:.1} {y:.1}");
                pen = 'L';
            } else {
                pen = 'M';
            }
        }
        let _ = writeln!(
            self.body,
            "<path class=\"{class}\" d=\"{path}\"><title>{}</title></path>",
            escape(title)
        );
    }

    /// A name beside a place, on the side where there is room; a long one is cut; what it names says it whole.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str) {
        let [x, y] = self.at(x, y);
        if x.is_finite() && y.is_finite() {
            let (side, x) =
                if x > 0.7 * self.frame.size[0] { (" left", x - 6.0) } else { ("", x + 6.0) };
            let _ = writeln!(
                self.body,
                "<text class=\"name{side}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                y - 5.0,
                escape(&short(text))
            );
        }
    }

    pub(super) fn raw(&mut self, svg: &str) {
        self.body.push_str(svg);
    }

    pub(super) fn finish(self, label: &str) -> String {
        let [width, height] = self.frame.size;
        let [left, _, top, bottom] = self.frame.margin;
        let [inner_width, inner_height] = Self::inner(self.frame);
        let mut out = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
            escape(label)
        );
        let base = top + inner_height;
        for (tick, text) in self.x.ticks() {
            let x = left + self.x.place(tick) * inner_width;
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {top}V{base}\"/><text class=\"tick x\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text>",
                base + 14.0
            );
        }
        for (tick, text) in self.y.ticks() {
            let y = top + (1.0 - self.y.place(tick)) * inner_height;
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{left} {y:.1}H{:.1}\"/><text class=\"tick y\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
                left + inner_width,
                left - 5.0,
                y + 3.5
            );
        }
        let _ = write!(
            out,
            "\n<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{}</text><text class=\"label\" transform=\"translate(12 {:.1}) rotate(-90)\">{}</text>\n",
            left + inner_width / 2.0,
            height - bottom + 34.0,
            escape(&self.x.label),
            top + inner_height / 2.0,
            escape(&self.y.label)
        );
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("NGC 1234"), "NGC 1234");
        assert_eq!(short("ééééééééééééééééé"), "ééééééééééééééé\u{2026}");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::around([0.0, 1.0].into_iter(), "").unwrap();
        assert_eq!(texts(&axis), ["0.0", "0.5", "1.0"]);
        let axis = Axis::around([19.62, 22.02].into_iter(), "").unwrap();
        assert_eq!(texts(&axis), ["20", "21", "22"]);
        let axis = Axis::around([-0.1, 0.09].into_iter(), "").unwrap();
        assert_eq!(texts(&axis), ["\u{2212}0.10", "\u{2212}0.05", "0.00", "0.05", "0.10"]);
        assert!(Axis::around([f64::NAN].into_iter(), "").is_none());
        let one = Axis::around([5.0].into_iter(), "").unwrap();
        assert!(one.ticks().len() >= 2 && one.place(5.0) == 0.5);
    }
}
